/** Compressed sections of ELF files, which a search for bytes can't see into. Source: gABI, Elf32_Chdr and Elf64_Chdr; binutils' `.zdebug_*`. */
import * as zlib from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import { SECTION, SECTION_FLAG, type Elf, type ElfSection } from './elf.ts';

export type Inflated =
  | { readonly ok: true; readonly bytes: Buffer }
  /** Why it could not be looked into, for people. */
  | { readonly ok: false; readonly why: string };

/** What the compressed sections of a file may have together: debug information of the largest programs would take all memory. */
export const MOST_INFLATED: number = 256 * 1024 * 1024;

/** ch_type. */
const ZLIB = 1;
const ZSTD = 2;

export function isCompressed({ name, type, flags }: ElfSection): boolean {
  return type !== SECTION.noBits && ((flags & SECTION_FLAG.compressed) !== 0 || name.startsWith('.zdebug_'));
}

/**
 * A quick look whether an ELF image may have compressed sections: most have none, and need no reading of all their headers. True for
 * what can't be told.
 */
export function mayHoldCompressed(source: ByteSource): boolean {
  const head = source.region(0, 64);
  if (head.length < 52) return false;
  const is64 = head[4] === 2;
  if (head.length < 64 || head[5] !== 1) return true;
  const at = is64 ? Number(head.readBigUInt64LE(0x28)) : head.readUInt32LE(0x20);
  const [entry, count, names] = [0, 2, 4].map((field) => head.readUInt16LE((is64 ? 0x3a : 0x2e) + field));
  if (at === 0) return false;
  if (entry !== (is64 ? 64 : 40) || count === undefined || count === 0 || names === undefined || names >= count)
    return true;
  const table = source.region(at, at + entry * count);
  if (table.length < entry * count) return false;
  for (let flags = 8; flags < table.length; flags += entry)
    if ((table.readUInt32LE(flags) & SECTION_FLAG.compressed) !== 0) return true;
  const strings = names * entry;
  const start = is64 ? Number(table.readBigUInt64LE(strings + 0x18)) : table.readUInt32LE(strings + 0x10);
  const size = is64 ? Number(table.readBigUInt64LE(strings + 0x20)) : table.readUInt32LE(strings + 0x14);
  return source.region(start, start + size).includes('.zdebug_');
}

/**
 * The bytes of a compressed section. Never throws for what the file says.
 * @param limit the most bytes it may have when inflated
 */
export function inflateSection(elf: Elf, section: ElfSection, limit: number): Inflated {
  const header = headerOf(elf, section);
  if (header === null) return { ok: false, why: 'its header of compression is cut short' };
  if (header.size > limit || section.size > limit)
    return { ok: false, why: `compressed, and too large to look into (${header.size} bytes)` };
  const packed = elf.source.region(section.offset + header.length, section.offset + section.size);
  const inflate = header.type === ZLIB ? zlib.inflateSync : header.type === ZSTD ? zstd() : null;
  if (inflate === undefined) return { ok: false, why: 'compressed with zstd, which this version of Node can not read' };
  if (inflate === null) return { ok: false, why: `compressed in a way that is not known (${header.type})` };
  try {
    return { ok: true, bytes: inflate(packed, { maxOutputLength: Math.max(1, header.size) }) };
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      return { ok: false, why: `compressed, and damaged (${String(error.code)})` };
    throw error;
  }
}

interface CompressionHeader {
  readonly type: number;
  /** Bytes when inflated. */
  readonly size: number;
  /** Bytes of the header itself. */
  readonly length: number;
}

function headerOf({ numbers, is64, source }: Elf, { name, flags, offset, size }: ElfSection): CompressionHeader | null {
  const length = (flags & SECTION_FLAG.compressed) === 0 ? 12 : is64 ? 24 : 12;
  if (size < length || offset + length > source.size) return null;
  try {
    // `ZLIB` and the size, big-endian in any file
    if ((flags & SECTION_FLAG.compressed) === 0) {
      const header = source.region(offset, offset + length);
      const isZlib = name.startsWith('.zdebug_') && header.toString('latin1', 0, 4) === 'ZLIB';
      return { type: isZlib ? ZLIB : 0, size: Number(header.readBigUInt64BE(4)), length };
    }
    const inflated = is64 ? numbers.u64(offset + 8) : numbers.u32(offset + 4);
    return { type: numbers.u32(offset), size: inflated, length };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

type Inflate = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

/** Node has it since 22.15 and 23.8. */
function zstd(): Inflate | undefined {
  return (zlib as { readonly zstdDecompressSync?: Inflate }).zstdDecompressSync;
}
