// The inner loop of the scan, in AssemblyScript: finds many needles at once, 64 bytes a step.
//
// It looks for pairs of bytes, each a first and another at some distance, of which every needle has one. Pairs with the same first byte are a
// group. Most steps have no pair. Where one stands, the 16 bytes around its first byte are compared with those that all its needles have
// in common, and only then the needles. src/formats/search-pairs.ts chooses the pairs, src/formats/search-table.ts makes the table.

/** Offsets within the table: what is in its head; where groups begin. */
const RESERVE: usize = 0;
const GROUPS_END: usize = 4;
const FEW: usize = 8;
const GROUPS: usize = 16;

/** A group: its first byte, 16 times over, where it ends, pairs. */
const GROUP_END: usize = 16;
const PAIRS: usize = 32;

/** A pair: its other byte, 16 times over; distance; first row, and the one behind the last; the 16 bytes around it, and which of them count. */
const DISTANCE: usize = 16;
const ROWS: usize = 20;
const ROWS_END: usize = 24;
const AROUND: usize = 32;
const MASK: usize = 48;
const PAIR: usize = 64;
/** How many of the 16 bytes around stand before the first byte. */
const BEFORE: usize = 8;

/** A row is a needle: where its bytes are, their number, the offset of the pair within them, its index. */
const SIZE: usize = 4;
const OFFSET: usize = 8;
const NEEDLE: usize = 12;
const ROW: u32 = 16;

const STEP: u32 = 64;

/** Where the search goes on after the room for matches was full. */
let resume: u32 = 0;
/** Where the next match is written. */
let free: usize = 0;

/** The first address that the caller may use. */
export function base(): usize {
  return __heap_base;
}

export function resumeAt(): u32 {
  return resume;
}

/**
 * Looks for needles whose pair begins in [from, length) of the bytes at `bytes`; some bytes before and behind them are read, whatever they
 * are. Writes two u32 for each (needle, offset) at `out`, at most `capacity` of them, and gives their count. `resumeAt()` is then `length`,
 * or where to go on.
 */
export function find(table: usize, bytes: usize, from: u32, length: u32, out: usize, capacity: u32): u32 {
  const few = load<u32>(table, FEW);
  const full = out + ((capacity - load<u32>(table, RESERVE)) << 3);
  free = out;
  let at = from;
  while (free <= full) {
    if (few == 1) at = nextOfOne(table, bytes, at, length);
    else if (few == 2) at = nextOfTwo(table, bytes, at, length);
    else at = nextOfMany(table, bytes, at, length);
    if (at >= length) break;
    check(table, bytes, length, at);
    at += STEP;
  }
  resume = min(at, length);
  return (<u32>(free - out)) >> 3;
}

/** The first step from `at` on in which a pair begins; `length` or more where there is none. For one group of one pair, in registers. */
function nextOfOne(table: usize, bytes: usize, at: u32, length: u32): u32 {
  const pair = table + GROUPS + PAIRS;
  const first = v128.load(table, GROUPS);
  const other = v128.load(pair);
  const distance = load<i32>(pair, DISTANCE);
  for (; at < length; at += STEP) {
    const a = bytes + at;
    const b = a + distance;
    const half = v128.or(ofOne(a, b, first, other), ofOne(a + 16, b + 16, first, other));
    const rest = v128.or(ofOne(a + 32, b + 32, first, other), ofOne(a + 48, b + 48, first, other));
    if (v128.any_true(v128.or(half, rest))) return at;
  }
  return at;
}

function ofOne(a: usize, b: usize, first: v128, other: v128): v128 {
  return v128.and(same(a, first), same(b, other));
}

/** The same for one group of two pairs. */
function nextOfTwo(table: usize, bytes: usize, at: u32, length: u32): u32 {
  const pair = table + GROUPS + PAIRS;
  const first = v128.load(table, GROUPS);
  const left = v128.load(pair);
  const right = v128.load(pair, PAIR);
  const toLeft = load<i32>(pair, DISTANCE);
  const toRight = load<i32>(pair, PAIR + DISTANCE);
  for (; at < length; at += STEP) {
    const a = bytes + at;
    const b = a + toLeft;
    const c = a + toRight;
    const half = v128.or(ofTwo(a, b, c, first, left, right), ofTwo(a + 16, b + 16, c + 16, first, left, right));
    const rest = v128.or(
      ofTwo(a + 32, b + 32, c + 32, first, left, right),
      ofTwo(a + 48, b + 48, c + 48, first, left, right),
    );
    if (v128.any_true(v128.or(half, rest))) return at;
  }
  return at;
}

function ofTwo(a: usize, b: usize, c: usize, first: v128, left: v128, right: v128): v128 {
  return v128.and(same(a, first), v128.or(same(b, left), same(c, right)));
}

/** The same for any groups. */
function nextOfMany(table: usize, bytes: usize, at: u32, length: u32): u32 {
  const groupsEnd = table + load<u32>(table, GROUPS_END);
  for (; at < length; at += STEP) {
    const a = bytes + at;
    let found = i8x16.splat(0);
    for (let group = table + GROUPS; group < groupsEnd;) {
      const first = v128.load(group);
      const end = table + load<u32>(group, GROUP_END);
      let one = i8x16.splat(0);
      let two = one;
      let three = one;
      let four = one;
      for (group += PAIRS; group < end; group += PAIR) {
        const other = v128.load(group);
        const b = a + load<i32>(group, DISTANCE);
        one = v128.or(one, same(b, other));
        two = v128.or(two, same(b + 16, other));
        three = v128.or(three, same(b + 32, other));
        four = v128.or(four, same(b + 48, other));
      }
      one = v128.or(v128.and(one, same(a, first)), v128.and(two, same(a + 16, first)));
      three = v128.or(v128.and(three, same(a + 32, first)), v128.and(four, same(a + 48, first)));
      found = v128.or(found, v128.or(one, three));
    }
    if (v128.any_true(found)) return at;
  }
  return at;
}

/** Compares the needles of the pairs that begin in the step at `at`. */
function check(table: usize, bytes: usize, length: u32, at: u32): void {
  const groupsEnd = table + load<u32>(table, GROUPS_END);
  for (let group = table + GROUPS, end: usize = 0; group < groupsEnd; group = end) {
    end = table + load<u32>(group, GROUP_END);
    for (let place = at; place < at + STEP; place += 16) {
      const firsts = same(bytes + place, v128.load(group));
      if (!v128.any_true(firsts)) continue;
      for (let pair = group + PAIRS; pair < end; pair += PAIR) {
        const others = same(bytes + place + load<i32>(pair, DISTANCE), v128.load(pair));
        checkPair(table, pair, bytes, length, place, i8x16.bitmask(v128.and(firsts, others)));
      }
    }
  }
}

/** `places`: a bit for each of the 16 offsets from `at` on at which the pair begins. */
function checkPair(table: usize, pair: usize, bytes: usize, length: u32, at: u32, places: i32): void {
  for (; places != 0; places &= places - 1) {
    const place = at + ctz(places);
    const differs = v128.xor(v128.load(bytes + place - BEFORE), v128.load(pair, AROUND));
    if (v128.any_true(v128.and(differs, v128.load(pair, MASK)))) continue;
    const end = table + load<u32>(pair, ROWS_END);
    for (let row = table + load<u32>(pair, ROWS); row < end; row += ROW) compare(table, row, bytes, length, place);
  }
}

/** `at`: where the pair stands, if it is the needle's. */
function compare(table: usize, row: usize, bytes: usize, length: u32, at: u32): void {
  const size = load<u32>(row, SIZE);
  const offset = load<u32>(row, OFFSET);
  if (at < offset || at - offset + size > length) return;
  if (!isSame(bytes + (at - offset), table + load<u32>(row), size)) return;
  store<u32>(free, load<u32>(row, NEEDLE));
  store<u32>(free, at - offset, 4);
  free += 8;
}

function isSame(left: usize, right: usize, size: u32): bool {
  for (let i: u32 = 0; i < size; i++) if (load<u8>(left + i) != load<u8>(right + i)) return false;
  return true;
}

/** Where a byte stands among the 16 at a place. */
function same(place: usize, byte: v128): v128 {
  return i8x16.eq(v128.load(place), byte);
}
