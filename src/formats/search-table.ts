/**
 * The table by which the search kernel (assembly/search.ts) looks for many needles at once: the pairs of bytes that it looks for, and behind
 * those the needles themselves, with which it compares what stands there.
 */
import { pairGroups, type Pair, type PairGroup, type Row } from './search-pairs.ts';

/** Offsets that one step of the kernel looks at. */
const STEP = 64;
const VECTOR = 16;

/** Offsets within the parts of a table, and their sizes; the kernel has the same. */
const HEAD = { reserve: 0, groupsEnd: 4, few: 8, size: 16 } as const;
const GROUP = { first: 0, end: 16, size: 32 } as const;
const PAIR = { other: 0, distance: 16, rows: 20, rowsEnd: 24, around: 32, mask: 48, size: 64 } as const;
const ROW = { place: 0, size: 4, offset: 8, needle: 12, bytes: 16 } as const;
/** How many of the bytes around a pair stand before its first. */
const BEFORE = 8;

/** Makes the table for some needles, none of which is empty. The kernel tells them apart by their index. */
export function searchTable(needles: readonly Buffer[]): Buffer {
  const groups = pairGroups(needles);
  const groupsEnd = groups.reduce<number>((sum, { pairs }) => sum + GROUP.size + PAIR.size * pairs.length, HEAD.size);
  const needlesAt = groupsEnd + ROW.bytes * needles.length;
  const table = Buffer.alloc(needles.reduce((sum, { length }) => sum + length, needlesAt));
  table.writeUInt32LE(matchesPerStep(needles), HEAD.reserve);
  table.writeUInt32LE(groupsEnd, HEAD.groupsEnd);
  // for one group with so many pairs the kernel has a loop of its own, if they are few
  table.writeUInt32LE(groups.length === 1 ? (groups[0]?.pairs.length ?? 0) : 0, HEAD.few);
  writeGroups(table, groups, needles, groupsEnd);
  writeNeedles(table, needles, needlesAt, groups, groupsEnd);
  return table;
}

/** The most matches that one step of the kernel may give. */
export function matchesPerStep(needles: readonly Buffer[]): number {
  return STEP * needles.length;
}

function writeGroups(table: Buffer, groups: readonly PairGroup[], needles: readonly Buffer[], rowsAt: number): void {
  let [at, row] = [HEAD.size, rowsAt];
  for (const { first, pairs } of groups) {
    table.fill(first, at + GROUP.first, at + GROUP.first + VECTOR);
    table.writeUInt32LE(at + GROUP.size + PAIR.size * pairs.length, at + GROUP.end);
    at += GROUP.size;
    for (const pair of pairs) {
      table.set(pairBytes(pair, needles, row), at);
      at += PAIR.size;
      row += ROW.bytes * pair.rows.length;
    }
  }
}

/** `rowsAt`: where in the table its rows are. */
function pairBytes({ other, distance, rows }: Pair, needles: readonly Buffer[], rowsAt: number): Buffer {
  const bytes = Buffer.alloc(PAIR.size);
  bytes.fill(other, PAIR.other, PAIR.other + VECTOR);
  bytes.writeInt32LE(distance, PAIR.distance);
  bytes.writeUInt32LE(rowsAt, PAIR.rows);
  bytes.writeUInt32LE(rowsAt + ROW.bytes * rows.length, PAIR.rowsEnd);
  for (let i = 0; i < VECTOR; i++) {
    const byte = commonByte(rows, needles, i - BEFORE);
    if (byte === null) continue;
    bytes[PAIR.around + i] = byte;
    bytes[PAIR.mask + i] = 255;
  }
  return bytes;
}

/** The byte at some distance from a pair, where all its needles have the same there. */
function commonByte(rows: readonly Row[], needles: readonly Buffer[], distance: number): number | null {
  let common: number | null = null;
  for (const { needle, offset } of rows) {
    const byte = needles[needle]?.[offset + distance];
    if (byte === undefined || (common !== null && byte !== common)) return null;
    common = byte;
  }
  return common;
}

function writeNeedles(
  table: Buffer,
  needles: readonly Buffer[],
  needlesAt: number,
  groups: readonly PairGroup[],
  rowsAt: number,
): void {
  const places: number[] = [];
  let at = needlesAt;
  for (const needle of needles) {
    places.push(at);
    table.set(needle, at);
    at += needle.length;
  }
  let row = rowsAt;
  for (const { pairs } of groups)
    for (const { needle, offset } of pairs.flatMap(({ rows }) => rows)) {
      table.writeUInt32LE(places[needle] ?? 0, row + ROW.place);
      table.writeUInt32LE(needles[needle]?.length ?? 0, row + ROW.size);
      table.writeUInt32LE(offset, row + ROW.offset);
      table.writeUInt32LE(needle, row + ROW.needle);
      row += ROW.bytes;
    }
}
