// The inner loop of the scan, in AssemblyScript: finds many needles at once, 32 bytes a step.
//
// Each needle has a window, three of its bytes in a row; needles with the same window share a bucket, and there are eight. For each of the
// three bytes two masks of 16 say which buckets may have a byte with that low half there, and with that high half (this is the "Teddy"
// search of Hyperscan). Where all six agree, the needles of the bucket are compared in full. src/formats/search-table.ts makes the table.

/** Offsets within the table. */
const BUCKETS: usize = 96;
const RESERVE: usize = 160;
const SCRATCH: usize = 176;
const ROWS: usize = 192;

/** Where the search goes on after the room for matches was full. */
let resume: u32 = 0;
let written: u32 = 0;

/** The first address that the caller may use. */
export function base(): usize {
  return __heap_base;
}

export function resumeAt(): u32 {
  return resume;
}

/**
 * Looks for needles whose window begins in [from, length) of the bytes at `bytes`; up to 64 bytes behind them are read, whatever they are.
 * Writes pairs of u32 (needle, offset) at `out`, at most `capacity` of them, and gives their count. `resumeAt()` is then `length`, or
 * where to go on.
 */
export function find(table: usize, bytes: usize, from: u32, length: u32, out: usize, capacity: u32): u32 {
  const reserve = load<u32>(table, RESERVE);
  written = 0;
  for (let at = from; at < length; at += 32) {
    const left = bucketsAt(table, bytes + at);
    const right = bucketsAt(table, bytes + at + 16);
    if (!v128.any_true(v128.or(left, right))) continue;
    check(table, bytes, length, at, left, out);
    check(table, bytes, length, at + 16, right, out);
    if (written + reserve > capacity) {
      resume = at + 32;
      return written;
    }
  }
  resume = length;
  return written;
}

/** For each of 16 places the buckets whose window may begin there, a bit for each. */
function bucketsAt(table: usize, place: usize): v128 {
  const half = i8x16.splat(15);
  let bytes = v128.load(place, 0);
  let buckets = v128.and(lowHalf(table, bytes, half, 0), highHalf(table, bytes, half, 16));
  bytes = v128.load(place, 1);
  buckets = v128.and(buckets, v128.and(lowHalf(table, bytes, half, 32), highHalf(table, bytes, half, 48)));
  bytes = v128.load(place, 2);
  return v128.and(buckets, v128.and(lowHalf(table, bytes, half, 64), highHalf(table, bytes, half, 80)));
}

function lowHalf(table: usize, bytes: v128, half: v128, mask: usize): v128 {
  return i8x16.swizzle(v128.load(table + mask), v128.and(bytes, half));
}

function highHalf(table: usize, bytes: v128, half: v128, mask: usize): v128 {
  return i8x16.swizzle(v128.load(table + mask), v128.and(i16x8.shr_u(bytes, 4), half));
}

/** Compares the needles of the buckets that are set, at each of 16 places. */
function check(table: usize, bytes: usize, length: u32, at: u32, buckets: v128, out: usize): void {
  let places: i32 = i8x16.bitmask(i8x16.ne(buckets, i8x16.splat(0)));
  if (places == 0) return;
  v128.store(table, buckets, SCRATCH);
  while (places != 0) {
    const place = ctz(places);
    places &= places - 1;
    let set: u32 = load<u8>(table + place, SCRATCH);
    while (set != 0) {
      compare(table, ctz(set), bytes, length, at + place, out);
      set &= set - 1;
    }
  }
}

/** `at`: where the window of the needles of a bucket stands, if it is theirs. */
function compare(table: usize, bucket: u32, bytes: usize, length: u32, at: u32, out: usize): void {
  const last = load<u32>(table + (bucket << 3), BUCKETS + 4);
  for (let row = load<u32>(table + (bucket << 3), BUCKETS); row < last; row++) {
    const fields = table + (row << 4);
    const size = load<u32>(fields, ROWS + 4);
    const window = load<u32>(fields, ROWS + 8);
    if (at < window || at - window + size > length) continue;
    if (!isSame(bytes + (at - window), table + load<u32>(fields, ROWS), size)) continue;
    store<u32>(out + (written << 3), load<u32>(fields, ROWS + 12), 0);
    store<u32>(out + (written << 3), at - window, 4);
    written++;
  }
}

function isSame(left: usize, right: usize, size: u32): bool {
  for (let i: u32 = 0; i < size; i++) if (load<u8>(left + i) != load<u8>(right + i)) return false;
  return true;
}
