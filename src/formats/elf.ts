/**
 * What the headers of an ELF file say, and questions that they answer. Source: System V gABI, chapters 4 and 5 (Elf32_Ehdr, Elf64_Ehdr, Elf_Phdr,
 * Elf_Shdr); elf.h of glibc for the GNU values.
 */
import type { ByteSource, NumberReader } from './byte-source.ts';

/** An ELF file whose headers say what can't be. The message says what and where. */
export class MalformedElf extends Error {
  override readonly name: string = 'MalformedElf';
}

/** e_type. */
export const ELF_TYPE = { relocatable: 1, executable: 2, shared: 3, core: 4 } as const;
/** p_type. */
export const SEGMENT = {
  null: 0,
  load: 1,
  dynamic: 2,
  interpreter: 3,
  note: 4,
  programHeaders: 6,
  tls: 7,
  gnuRelro: 0x6474e552,
  gnuProperty: 0x6474e553,
} as const;
/** sh_type. */
export const SECTION = {
  null: 0,
  programBits: 1,
  symbols: 2,
  strings: 3,
  note: 7,
  noBits: 8,
  dynamicSymbols: 11,
} as const;
/** sh_flags. */
export const SECTION_FLAG = {
  write: 1,
  allocated: 2,
  executable: 4,
  merge: 0x10,
  strings: 0x20,
  compressed: 0x800,
} as const;

export interface ElfSegment {
  /** The file offset of its program header. */
  readonly at: number;
  readonly type: number;
  readonly flags: number;
  /** File offset and bytes in the file. */
  readonly offset: number;
  readonly fileSize: number;
  readonly address: number;
  readonly memorySize: number;
  readonly align: number;
}

export interface ElfSection {
  /** The file offset of its section header. */
  readonly at: number;
  /** Empty where the names can't be read. */
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  /** File offset and bytes; of `noBits` no byte is in the file. */
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
  readonly entrySize: number;
}

/** Where a table of headers stands: file offset, bytes of an entry, entries. */
export interface HeaderTable {
  readonly offset: number;
  readonly entrySize: number;
  readonly count: number;
}

export interface Elf {
  readonly source: ByteSource;
  readonly numbers: NumberReader;
  readonly is64: boolean;
  readonly isLittleEndian: boolean;
  readonly osAbi: number;
  readonly type: number;
  readonly machine: number;
  readonly flags: number;
  readonly programHeaders: HeaderTable;
  readonly sectionHeaders: HeaderTable;
  readonly segments: readonly ElfSegment[];
  /** Empty where there are none, or their table does not lie within the file (a truncated or packed file). */
  readonly sections: readonly ElfSection[];
}

/** The first byte of every ELF file. */
export const ELF_START = 0x7f;

/** Whether a file begins as an ELF file does. */
export function isElf(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32BE(0) === 0x7f454c46;
}

/** The file offset of an address, by the segment that is loaded there; null where no byte of the file is. */
export function offsetOf(elf: Pick<Elf, 'segments'>, address: number): number | null {
  for (const segment of elf.segments)
    if (segment.type === SEGMENT.load && address >= segment.address && address < segment.address + segment.fileSize)
      return segment.offset + (address - segment.address);
  return null;
}

/** The section that holds a byte of the file; null where none does. */
export function sectionAt(elf: Pick<Elf, 'sections'>, offset: number): ElfSection | null {
  return (
    elf.sections.find(
      ({ type, offset: start, size }) =>
        type !== SECTION.null && type !== SECTION.noBits && offset >= start && offset < start + size,
    ) ?? null
  );
}

/** Where the file of the headers ends: the last byte that a segment, a section or a table of headers takes. What follows was appended. */
export function imageEnd({ is64, programHeaders, sectionHeaders, segments, sections }: Elf): number {
  let end = is64 ? 64 : 52;
  for (const { offset, entrySize, count } of [programHeaders, sectionHeaders])
    end = Math.max(end, offset + entrySize * count);
  for (const { offset, fileSize } of segments) if (fileSize > 0) end = Math.max(end, offset + fileSize);
  for (const { type, offset, size } of sections) if (type !== SECTION.noBits) end = Math.max(end, offset + size);
  return end;
}
