// Reads CPython's marshal format, in AssemblyScript: what src/formats/marshal.ts does for some places, and gives up where that fails.
//
// The types of objects are a table, the layout of a code object another; src/io/marshal-kernel.ts makes both. A string that is kept is a
// row of six numbers: where it begins, its payload, its end, its type byte, its uses, the index by which later objects refer to it.

/** As in src/formats/marshal-types.ts: those up to it are nothing but a number of bytes. */
const STRING: u32 = 1;
const TWO_DIGITS: u32 = 3;
const BIG_NUMBER: u32 = 4;
const LIST: u32 = 5;
const SLICE: u32 = 6;
const DICT: u32 = 7;
const CODE: u32 = 8;
const NULL: u32 = 9;

const MAX_DEPTH: u32 = 2000;
const UNTIL_NULL: i32 = -1;
const BEFORE_LINE: i32 = -1;
const BEHIND_LINE: i32 = -2;
const NOWHERE: u32 = 0x7fffffff;
const CONSTANT: i32 = 2;

/** Offsets within the layout: numbers, how many fields stand before the line, how many behind it, the fields. */
const BEFORE_COUNT: usize = 4;
const BEHIND_COUNT: usize = 8;
const FIELDS: usize = 12;

/** Bytes of a row. */
const ROW: u32 = 24;

/** `use` and `left` of the objects around the innermost one. */
const frames: usize = memory.data(16000);

let at: u32 = 0;
let left: i32 = 0;
let use: i32 = 0;
let depth: u32 = 0;
let code: usize = 0;
let nextPlace: usize = 0;
let lastPlace: usize = 0;

/**
 * Reads the object at `from` of the `size` bytes at `bytes`. `places`: sorted offsets, `placed` of them. Writes a row at `out` for each
 * string in whose payload one is. Gives their count; -1 where the object can't be read.
 */
export function strings(
  types: usize,
  layout: usize,
  bytes: usize,
  from: u32,
  size: u32,
  places: usize,
  placed: u32,
  out: usize,
): i32 {
  use = CONSTANT;
  depth = 0;
  code = layout;
  nextPlace = places;
  lastPlace = places + (placed << 2);
  let kept: u32 = 0;
  let mayBe: u32 = 0;
  let referable: i32 = 0;
  let place = placeFrom(0);
  // of the loop alone: what is shared with the others is slower to get at
  let here = from;
  let rest: i32 = 1;
  while (here < size) {
    const objectAt = here;
    rest--;
    const byte: u32 = load<u8>(bytes + here);
    here++;
    const type = types + (byte << 4);
    const kind: u32 = load<u8>(type, 0);
    const count: i32 = (here + 4 <= size ? load<i32>(bytes + here) : lastBytes(bytes, here, size)) & load<i32>(type, 4);
    here += load<u8>(type, 1);
    if (kind <= STRING) {
      if (count < 0) return -1;
      if (load<i32>(type, 8) != 0) {
        if (count >= referable) return -1;
        if ((mayBe & (1 << (count & 31))) != 0) refer(out, kept, count, useAt(rest));
      } else here += count * load<u8>(type, 2);
      if (here > size) return -1;
      if (place < here) {
        if (kind == STRING && placeFrom(here - count) < here) {
          const isReferable = load<u8>(type, 3) != 0;
          keep(out + kept * ROW, objectAt, here - count, here, byte, useAt(rest), isReferable ? referable : -1);
          if (isReferable) mayBe |= 1 << (referable & 31);
          kept++;
        }
        place = placeFrom(here);
      }
    } else {
      at = here;
      left = rest;
      if (!readOther(kind, count, bytes, size)) return -1;
      here = at;
      rest = left;
    }
    referable += load<u8>(type, 3);
    if (rest != 0) continue;
    at = here;
    close();
    if (left == 0) return kept;
    here = at;
    rest = left;
  }
  return -1;
}

function keep(row: usize, start: u32, payload: u32, end: u32, byte: u32, uses: i32, reference: i32): void {
  store<u32>(row, start, 0);
  store<u32>(row, payload, 4);
  store<u32>(row, end, 8);
  store<u32>(row, byte, 12);
  store<i32>(row, uses, 16);
  store<i32>(row, reference, 20);
}

/** Objects that are more than a number of bytes. */
function readOther(kind: u32, count: i32, bytes: usize, size: u32): bool {
  if (kind == TWO_DIGITS) {
    at += count;
    if (at >= size) return false;
    at += 1 + <u32>load<u8>(bytes + at);
  } else if (kind == BIG_NUMBER) {
    const digits: u32 = count < 0 ? 0 - count : count;
    if (digits > size) return false;
    at += 2 * digits;
  } else if (kind == NULL) {
    if (use < 0 || left >= 0) return false;
    left = 0;
  } else if (kind < LIST || kind > CODE || !open(kind, count)) return false;
  return at <= size;
}

function open(kind: u32, count: i32): bool {
  if (count < 0 || depth == MAX_DEPTH) return false;
  const inner = useAt(left);
  store<i32>(frames + (depth << 3), use, 0);
  store<i32>(frames + (depth << 3), left, 4);
  depth++;
  if (kind == CODE) {
    at += 4 * load<u32>(code);
    use = BEFORE_LINE;
    left = load<i32>(code, BEFORE_COUNT);
  } else {
    use = inner;
    left = kind == SLICE ? 3 : kind == DICT ? UNTIL_NULL : count;
  }
  return true;
}

/** Goes back from an object whose last part was read to one that has more; where there is none, nothing is left. */
function close(): void {
  left = 0;
  while (left == 0) {
    if (use == BEFORE_LINE) {
      at += 4;
      use = BEHIND_LINE;
      left = load<i32>(code, BEHIND_COUNT);
    } else if (depth == 0) return;
    else {
      depth--;
      use = load<i32>(frames + (depth << 3), 0);
      left = load<i32>(frames + (depth << 3), 4);
    }
  }
}

/** What a part is used for that has `behind` parts behind it. */
function useAt(behind: i32): i32 {
  if (use >= 0) return use;
  const before = load<i32>(code, BEFORE_COUNT);
  const field = use == BEFORE_LINE ? before - 1 - behind : before + load<i32>(code, BEHIND_COUNT) - 1 - behind;
  return load<i32>(code + ((<usize>field) << 2), FIELDS);
}

/** Adds the use of what refers to a string to the string's. */
function refer(out: usize, kept: u32, reference: i32, used: i32): void {
  for (let row = out; row < out + kept * ROW; row += ROW)
    if (load<i32>(row, 20) == reference) {
      store<i32>(row, load<i32>(row, 16) | used, 16);
      return;
    }
}

/** The first place at or behind an offset. */
function placeFrom(offset: u32): u32 {
  while (nextPlace < lastPlace) {
    const place = load<u32>(nextPlace);
    if (place >= offset) return place;
    nextPlace += 4;
  }
  return NOWHERE;
}

/** As many of the next four bytes as there are, as a little-endian number. */
function lastBytes(bytes: usize, from: u32, size: u32): i32 {
  let number: u32 = 0;
  for (let i: u32 = 0; from + i < size && i < 3; i++) number |= (<u32>load<u8>(bytes + from + i)) << (i << 3);
  return number;
}
