/** The entries of a zip as its central directory lists them (APPNOTE.TXT of PKWARE, 4.3.7 and 4.3.12), with where their data are. */
import { findDirectory, LARGEST_DIRECTORY, type ReadRange } from './zip.ts';

export interface ZipEntry {
  /** As it stands there; a folder's ends with `/`. */
  readonly name: Buffer;
  readonly flags: number;
  /** 0 stored, 8 deflate; others in 4.4.5. */
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where its entry of the directory, its local header and its data begin, in the file. */
  readonly entryAt: number;
  readonly headerAt: number;
  readonly dataAt: number;
}

/** General purpose flag, bit 0. */
export const ENCRYPTED = 0x1;

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const UNKNOWN = 0xffffffff;

/**
 * Lists the entries of a zip that ends with the file. Null where it has no directory that makes sense; an entry whose header is not where
 * the directory says is left out, and counts as broken.
 */
export function zipEntries(
  read: ReadRange,
  size: number,
): { readonly entries: readonly ZipEntry[]; readonly broken: number } | null {
  const directory = findDirectory(read, size);
  if (directory === null || directory.end - directory.start > LARGEST_DIRECTORY) return null;
  // copied: headers are read in between
  const bytes = Buffer.from(read(directory.start, directory.end));
  const entries: ZipEntry[] = [];
  let broken = 0;
  for (let at = 0; at + ENTRY_BYTES <= bytes.length && bytes.readUInt32LE(at) === ENTRY;) {
    const next =
      at + ENTRY_BYTES + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) return { entries, broken: broken + 1 };
    const entry = entryAt(bytes.subarray(at, next), directory.start + at, directory.bias, read, size);
    if (entry === null) broken++;
    else entries.push(entry);
    at = next;
  }
  return { entries, broken };
}

function entryAt(bytes: Buffer, at: number, bias: number, read: ReadRange, size: number): ZipEntry | null {
  const name = bytes.subarray(ENTRY_BYTES, ENTRY_BYTES + bytes.readUInt16LE(28));
  const [unpacked, packed, offset] = numbers64(bytes, ENTRY_BYTES + name.length, [
    bytes.readUInt32LE(24),
    bytes.readUInt32LE(20),
    bytes.readUInt32LE(42),
  ]);
  if (unpacked === undefined || packed === undefined || offset === undefined) return null;
  const headerAt = offset + bias;
  if (headerAt + LOCAL_BYTES > size) return null;
  const header = read(headerAt, headerAt + LOCAL_BYTES);
  if (header.length < LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL) return null;
  const dataAt = headerAt + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (dataAt + packed > size) return null;
  return {
    name,
    flags: bytes.readUInt16LE(8),
    method: bytes.readUInt16LE(10),
    crc: bytes.readUInt32LE(16),
    packedSize: packed,
    size: unpacked,
    entryAt: at,
    headerAt,
    dataAt,
  };
}

/** 4.5.3: those numbers that do not fit stand in the zip64 field, in this order. Undefined where they should and do not. */
function numbers64(bytes: Buffer, extraAt: number, numbers: readonly number[]): (number | undefined)[] {
  if (!numbers.includes(UNKNOWN)) return [...numbers];
  const end = extraAt + bytes.readUInt16LE(30);
  for (let at = extraAt; at + 4 <= end; at += 4 + bytes.readUInt16LE(at + 2)) {
    if (bytes.readUInt16LE(at) !== 1) continue;
    let field = at + 4;
    return numbers.map((number) => {
      if (number !== UNKNOWN) return number;
      if (field + 8 > end) return undefined;
      const value = Number(bytes.readBigUInt64LE(field));
      field += 8;
      return Number.isSafeInteger(value) ? value : undefined;
    });
  }
  return numbers.map((number) => (number === UNKNOWN ? undefined : number));
}
