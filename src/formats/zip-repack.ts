/**
 * Puts new contents into members of a zip: the splices of its bytes. Everything else stays as it is: order, times, modes, comments, what stands
 * in front. Layout: APPNOTE.TXT of PKWARE, 4.3.7 (local header), 4.3.9 (data descriptor), 4.3.12 (directory), 4.5.3 (zip64 field).
 */
import { crc32, deflateRawSync } from 'node:zlib';
import type { Splice } from '../model/reference.ts';
import { decodeBytes } from './byte-text.ts';
import { findDirectory, movedOffset, zipOffsets, type ReadRange } from './zip.ts';
import type { ZipEntry } from './zip-entries.ts';

/** A member with what it is to hold; `data` as it is stored. */
interface NewData {
  readonly entry: ZipEntry;
  readonly crc: number;
  readonly size: number;
  readonly data: Buffer;
}

/** General purpose flag, bit 3: crc and sizes follow the data. */
const HAS_DESCRIPTOR = 0x8;
const DESCRIPTOR = 0x08074b50;
const UNKNOWN = 0xffffffff;

/** The splices; null where a number has no room, or the zip does not fit together. */
export function repackZip(read: ReadRange, size: number, contents: ReadonlyMap<ZipEntry, Buffer>): Splice[] | null {
  const directory = findDirectory(read, size);
  const known = zipOffsets(read, size);
  if (directory === null || known === null) return null;
  const changed = [...contents]
    .map(([entry, content]) => packed(entry, content))
    .sort((a, b) => a.entry.dataAt - b.entry.dataAt);
  const growthBefore = (offset: number): number =>
    changed.reduce((sum, { entry, data }) => (entry.dataAt < offset ? sum + data.length - entry.packedSize : sum), 0);
  const splices: Splice[] = [];
  for (const each of changed) {
    const written = memberSplices(read, each);
    if (written === null) return null;
    splices.push(...written);
  }
  // from the directory to the end of the file in one piece: its bytes change all over
  const tail = Buffer.from(read(directory.start, size));
  for (const offset of known.offsets) {
    const moved = movedOffset(offset, growthBefore(offset.value + known.bias));
    if (moved === null) return null;
    moved.copy(tail, offset.at - directory.start);
  }
  for (const each of changed) if (!writeEntry(tail, each.entry.entryAt - directory.start, each)) return null;
  return [...splices, { start: directory.start, end: size, text: decodeBytes(tail) }];
}

function packed(entry: ZipEntry, content: Buffer): NewData {
  const data = entry.method === 0 ? content : deflateRawSync(content, { level: 9 });
  return { entry, data, size: content.length, crc: crc32(content) };
}

/** The local header, its data, and the descriptor behind. */
function memberSplices(read: ReadRange, each: NewData): Splice[] | null {
  const { entry, data } = each;
  const header = Buffer.from(read(entry.headerAt, entry.dataAt));
  const hasDescriptor = (header.readUInt16LE(6) & HAS_DESCRIPTOR) !== 0;
  const sizesAt = sizeFields(header, 18, 30 + header.readUInt16LE(26), header.readUInt16LE(28));
  if (sizesAt === null) return null;
  // where a descriptor follows, the header holds zeros
  if (!hasDescriptor || header.readUInt32LE(14) !== 0) header.writeUInt32LE(each.crc, 14);
  if (!hasDescriptor || header.readUInt32LE(18) !== 0) if (!writeSizes(header, sizesAt, each)) return null;
  const splices = [
    { start: entry.headerAt, end: entry.dataAt, text: decodeBytes(header) },
    { start: entry.dataAt, end: entry.dataAt + entry.packedSize, text: decodeBytes(data) },
  ];
  return hasDescriptor ? [...splices, descriptorSplice(read, each, sizesAt.width)] : splices;
}

function descriptorSplice(read: ReadRange, { entry, crc, data, size }: NewData, width: 4 | 8): Splice {
  const at = entry.dataAt + entry.packedSize;
  const start = read(at, at + 4).readUInt32LE(0) === DESCRIPTOR ? at + 4 : at;
  const bytes = Buffer.alloc(4 + 2 * width);
  bytes.writeUInt32LE(crc, 0);
  bytes.writeUIntLE(data.length, 4, 6);
  bytes.writeUIntLE(size, 4 + width, Math.min(width, 6));
  return { start, end: start + bytes.length, text: decodeBytes(bytes) };
}

/** Where the packed and the unpacked size stand. */
interface SizeFields {
  readonly packedAt: number;
  readonly unpackedAt: number;
  readonly width: 4 | 8;
}

/** In the record at `at` (packed size) and `at + 4`; both in the zip64 field where both say so. Null for a mix of the two. */
function sizeFields(record: Buffer, at: number, extraAt: number, extraLength: number): SizeFields | null {
  const isLarge = [at, at + 4].map((field) => record.readUInt32LE(field) === UNKNOWN);
  if (!isLarge.includes(true))
    return { packedAt: at, unpackedAt: at + 4, width: hasZip64(record, extraAt, extraLength) === null ? 4 : 8 };
  const field = hasZip64(record, extraAt, extraLength);
  if (isLarge.includes(false) || field === null) return null;
  return { packedAt: field + 8, unpackedAt: field, width: 8 };
}

/** Where the content of the zip64 field begins. */
function hasZip64(record: Buffer, extraAt: number, extraLength: number): number | null {
  const end = Math.min(record.length, extraAt + extraLength);
  for (let at = extraAt; at + 4 <= end; at += 4 + record.readUInt16LE(at + 2))
    if (record.readUInt16LE(at) === 1 && record.readUInt16LE(at + 2) >= 16 && at + 20 <= end) return at + 4;
  return null;
}

function writeSizes(record: Buffer, { packedAt, unpackedAt }: SizeFields, { data, size }: NewData): boolean {
  if (data.length >= UNKNOWN || size >= UNKNOWN) return false;
  // what stands in 8 bytes has zeros above: the numbers written are small
  record.writeUInt32LE(data.length, packedAt);
  record.writeUInt32LE(size, unpackedAt);
  return true;
}

/** The entry of the directory: crc at 16, sizes at 20 and 24. */
function writeEntry(tail: Buffer, at: number, each: NewData): boolean {
  const record = tail.subarray(at);
  const fields = sizeFields(record, 20, 46 + record.readUInt16LE(28), record.readUInt16LE(30));
  if (fields === null) return false;
  record.writeUInt32LE(each.crc, 16);
  return writeSizes(record, fields, each);
}
