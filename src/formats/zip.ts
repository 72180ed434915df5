/**
 * The offsets that a zip file stores of itself (APPNOTE.TXT of PKWARE, 4.3): all that must change when bytes are put in front of it.
 * Offsets of the file are numbers; a zip whose numbers do not fit together gives null.
 */

/** A stored offset: a little-endian number of 4 or 8 bytes at `at`. */
export interface StoredOffset {
  readonly at: number;
  readonly size: 4 | 8;
  readonly value: number;
}

export interface ZipOffsets {
  /**
   * How far the offsets are off: 0 where they count from the start of the file, else the bytes in front of the zip (readers then work
   * it out from the end, and it may change).
   */
  readonly bias: number;
  readonly offsets: readonly StoredOffset[];
}

/** Reads the bytes [start, end) of the file. */
export type ReadRange = (start: number, end: number) => Buffer;

const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const UNKNOWN = 0xffffffff;
const LONGEST_COMMENT = 0xffff;
/** A central directory of half a million files; larger ones are not looked at. */
export const LARGEST_DIRECTORY: number = 64 * 1024 * 1024;

/** The central directory: where it is, and what the end records store of it. */
export interface ZipDirectory {
  readonly start: number;
  readonly end: number;
  readonly bias: number;
  /** The offsets outside the directory: in the end records. */
  readonly stored: readonly StoredOffset[];
}

/** The offsets of a zip that ends with the file. */
export function zipOffsets(read: ReadRange, size: number): ZipOffsets | null {
  const directory = findDirectory(read, size);
  if (directory === null || directory.end - directory.start > LARGEST_DIRECTORY) return null;
  const entries = entryOffsets(read(directory.start, directory.end), directory.start);
  return entries === null ? null : { bias: directory.bias, offsets: [...entries, ...directory.stored] };
}

/** A stored offset moved by some bytes, as its own bytes; null where it has no room for the sum. */
export function movedOffset({ size, value }: StoredOffset, by: number): Buffer | null {
  const moved = value + by;
  if (moved < 0 || !Number.isSafeInteger(moved) || (size === 4 && moved >= UNKNOWN)) return null;
  const bytes = Buffer.alloc(size);
  if (size === 4) bytes.writeUInt32LE(moved);
  else bytes.writeBigUInt64LE(BigInt(moved));
  return bytes;
}

/** Finds the central directory of a zip that ends with the file; null where there is none, or its numbers do not fit together. */
export function findDirectory(read: ReadRange, size: number): ZipDirectory | null {
  const tailStart = Math.max(0, size - END_BYTES - LONGEST_COMMENT);
  const tail = read(tailStart, size);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const directory = directoryBefore(read, tailStart + at, tail.subarray(at, at + END_BYTES));
    if (directory !== null) return directory;
  }
  return null;
}

/** 4.3.16: the end record; sizes at 12, the directory's offset at 16. */
function directoryBefore(read: ReadRange, endAt: number, record: Buffer): ZipDirectory | null {
  const length = record.readUInt32LE(12);
  const offset = record.readUInt32LE(16);
  const end64 = directory64(read, endAt);
  if (end64 !== null) {
    const stored =
      offset === UNKNOWN ? end64.stored : [...end64.stored, { at: endAt + 16, size: 4 as const, value: offset }];
    return checked({ ...end64, stored }, read);
  }
  const start = endAt - length;
  return checked(
    { start, end: endAt, bias: start - offset, stored: [{ at: endAt + 16, size: 4, value: offset }] },
    read,
  );
}

/** 4.3.14 and 4.3.15: the zip64 end record and its locator, which come right before the end record. */
function directory64(read: ReadRange, endAt: number): ZipDirectory | null {
  const at = endAt - LOCATOR64_BYTES - END64_BYTES;
  if (at < 0) return null;
  const both = read(at, endAt);
  if (
    both.length < END64_BYTES + LOCATOR64_BYTES ||
    both.readUInt32LE(0) !== END64 ||
    both.readUInt32LE(END64_BYTES) !== LOCATOR64
  )
    return null;
  const length = Number(both.readBigUInt64LE(40));
  const offset = Number(both.readBigUInt64LE(48));
  const located = Number(both.readBigUInt64LE(END64_BYTES + 8));
  const start = at - length;
  if (located + start - offset !== at) return null;
  const stored: StoredOffset[] = [
    { at: at + 48, size: 8, value: offset },
    { at: at + END64_BYTES + 8, size: 8, value: located },
  ];
  return { start, end: at, bias: start - offset, stored };
}

function checked(directory: ZipDirectory, read: ReadRange): ZipDirectory | null {
  const { start, end, bias } = directory;
  if (start < 0 || bias < 0) return null;
  return start === end || read(start, start + 4).readUInt32LE(0) === ENTRY ? directory : null;
}

/** 4.3.12: the entries; each holds the offset of its file at 42, or in its zip64 field. */
function entryOffsets(directory: Buffer, base: number): StoredOffset[] | null {
  const offsets: StoredOffset[] = [];
  let at = 0;
  while (at < directory.length) {
    if (at + ENTRY_BYTES > directory.length || directory.readUInt32LE(at) !== ENTRY) return null;
    const extraAt = at + ENTRY_BYTES + directory.readUInt16LE(at + 28);
    const next = extraAt + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    if (next > directory.length) return null;
    const value = directory.readUInt32LE(at + 42);
    const offset = value === UNKNOWN ? offset64(directory, at, extraAt) : { at: at + 42, size: 4 as const, value };
    if (offset === null) return null;
    offsets.push({ ...offset, at: base + offset.at });
    at = next;
  }
  return offsets;
}

/** 4.5.3: the zip64 extra field holds, of uncompressed size, size and offset, those that are not in the entry itself, in this order. */
function offset64(directory: Buffer, entry: number, extraAt: number): StoredOffset | null {
  const extraEnd = extraAt + directory.readUInt16LE(entry + 30);
  for (let at = extraAt; at + 4 <= extraEnd; at += 4 + directory.readUInt16LE(at + 2)) {
    if (directory.readUInt16LE(at) !== 0x0001) continue;
    const before = [entry + 24, entry + 20].filter((field) => directory.readUInt32LE(field) === UNKNOWN).length;
    const field = at + 4 + before * 8;
    return field + 8 > extraEnd ? null : { at: field, size: 8, value: Number(directory.readBigUInt64LE(field)) };
  }
  return null;
}
