/** Reads long tables of an ELF file piece by piece: many numbers at the price of few reads, and never more memory than a piece. */
import { MalformedElf, type Elf } from './elf.ts';

/** Bytes of a piece. */
const PIECE = 64 * 1024;

/** A piece of a table: whole entries, and how its 32-bit numbers are read, by their offset in `bytes`. Valid until the next. */
export interface TablePiece {
  readonly bytes: Buffer;
  read(offset: number): number;
}

/**
 * The pieces of a table of `count` entries of `entrySize` bytes.
 * @throws MalformedElf where it goes on behind the end of the file
 */
export function* chunksOf(elf: Elf, offset: number, count: number, entrySize: number): Generator<TablePiece> {
  const end = offset + count * entrySize;
  if (end > elf.source.size) throw new MalformedElf(`a table at ${offset} goes on behind the end of the file`);
  const step = Math.floor(PIECE / entrySize) * entrySize;
  for (let at = offset; at < end; at += step) {
    const bytes = elf.source.region(at, Math.min(end, at + step));
    const read = elf.isLittleEndian
      ? (from: number): number => bytes.readUInt32LE(from)
      : (from: number): number => bytes.readUInt32BE(from);
    yield { bytes, read };
  }
}
