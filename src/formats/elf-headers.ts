/** Reads the headers of ELF files: 32 and 64 bit, both byte orders, with or without section headers. Source: as for `elf.ts`. */
import { numbersOf, type ByteSource, type NumberReader } from './byte-source.ts';
import { isElf, MalformedElf, type Elf, type ElfSection, type ElfSegment, type HeaderTable } from './elf.ts';

/** As many program headers as e_phnum can say (PN_XNUM stands for more: core files of large programs). */
const MOST_SEGMENTS = 0xffff;
/**
 * The most headers of either kind that are read. Object code with a section for each function has some hundred thousand; a file of zeros, which
 * takes no room on a disk, may say that it has as many as fill all memory.
 */
const MOST_HEADERS = 2 ** 20;

/**
 * Reads the headers.
 * @throws MalformedElf where they can't be what they say
 */
export function readElf(source: ByteSource): Elf {
  try {
    return readHeaders(source);
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedElf(error.message);
    throw error;
  }
}

function readHeaders(source: ByteSource): Elf {
  const ident = source.region(0, 16);
  if (!isElf(ident)) throw new MalformedElf('the file does not begin as an ELF file');
  const [classByte, dataByte] = [ident[4], ident[5]];
  if (classByte !== 1 && classByte !== 2) throw new MalformedElf(`its class is ${classByte}, not 32 or 64 bit`);
  if (dataByte !== 1 && dataByte !== 2) throw new MalformedElf(`its byte order is ${dataByte}, neither of the two`);
  const is64 = classByte === 2;
  const numbers = numbersOf(source, dataByte === 1);
  const word = is64 ? numbers.u64 : numbers.u32;
  const tail = is64 ? 0x34 : 0x28; // e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx
  const sectionOffset = word(is64 ? 0x28 : 0x20);
  const sectionEntry = numbers.u16(tail + 6);
  const zero = sectionOffset > 0 ? zerothSection(source, numbers, is64, sectionOffset, sectionEntry) : null;
  const segmentCount = numbers.u16(tail + 4);
  const programHeaders: HeaderTable = {
    offset: word(is64 ? 0x20 : 0x1c),
    entrySize: numbers.u16(tail + 2),
    count: segmentCount === MOST_SEGMENTS ? (zero?.info ?? segmentCount) : segmentCount,
  };
  const sectionHeaders: HeaderTable = {
    offset: sectionOffset,
    entrySize: sectionEntry,
    count: sectionOffset === 0 ? 0 : numbers.u16(tail + 8) || (zero?.size ?? 0),
  };
  for (const { count } of [programHeaders, sectionHeaders])
    if (count > MOST_HEADERS) throw new MalformedElf(`it says that it has ${count} headers of one kind`);
  const base = { source, numbers, is64, isLittleEndian: dataByte === 1 };
  const named = numbers.u16(tail + 10);
  return {
    ...base,
    osAbi: ident[7] ?? 0,
    type: numbers.u16(16),
    machine: numbers.u16(18),
    flags: numbers.u32(is64 ? 0x30 : 0x24),
    programHeaders,
    sectionHeaders,
    segments: readSegments(base, programHeaders),
    sections: readSections(base, sectionHeaders, named === 0xffff ? (zero?.link ?? 0) : named),
  };
}

type Base = Pick<Elf, 'source' | 'numbers' | 'is64'>;

/** Section 0 holds the numbers that are too large for the header (gABI, "Section Header Table Index 0"). */
function zerothSection(
  source: ByteSource,
  numbers: NumberReader,
  is64: boolean,
  offset: number,
  entrySize: number,
): ElfSection | null {
  if (entrySize < (is64 ? 64 : 40) || offset + entrySize > source.size) return null;
  return readSection({ source, numbers, is64 }, offset).section;
}

function readSegments({ source, numbers, is64 }: Base, { offset, entrySize, count }: HeaderTable): ElfSegment[] {
  if (count === 0) return [];
  const least = is64 ? 56 : 32;
  if (entrySize < least) throw new MalformedElf(`its program headers have ${entrySize} bytes, not ${least}`);
  if (offset + count * entrySize > source.size)
    throw new MalformedElf(`its ${count} program headers at ${offset} go on behind the end of the file`);
  const word = is64 ? numbers.u64 : numbers.u32;
  const step = is64 ? 8 : 4;
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * entrySize;
    const first = at + (is64 ? 8 : 4); // p_offset, p_vaddr, p_paddr, p_filesz, p_memsz
    const last = first + 5 * step; // Elf32: p_flags, p_align; Elf64: p_align
    return {
      at,
      type: numbers.u32(at),
      flags: numbers.u32(is64 ? at + 4 : last),
      offset: word(first),
      fileSize: word(first + 3 * step),
      address: address(numbers, is64, first + step),
      memorySize: word(first + 4 * step),
      align: word(is64 ? last : last + 4),
    };
  });
}

/** Addresses of kernels do not fit a number; such a segment holds nothing that is looked for. */
function address(numbers: NumberReader, is64: boolean, at: number): number {
  if (!is64) return numbers.u32(at);
  const [high, low] = numbers.isLittleEndian ? [at + 4, at] : [at, at + 4];
  return numbers.u32(high) * 2 ** 32 + numbers.u32(low);
}

function readSections(base: Base, table: HeaderTable, namesIndex: number): ElfSection[] {
  const { source, is64 } = base;
  const { offset, entrySize, count } = table;
  if (count === 0 || entrySize < (is64 ? 64 : 40) || offset + count * entrySize > source.size) return [];
  const read = Array.from({ length: count }, (_, index) => readSection(base, offset + index * entrySize));
  const names = read[namesIndex]?.section;
  return read.map(({ section, nameOffset }) => ({ ...section, name: nameOf(source, names, nameOffset) }));
}

function readSection({ numbers, is64 }: Base, at: number): { section: ElfSection; nameOffset: number } {
  const word = is64 ? numbers.u64 : numbers.u32;
  const step = is64 ? 8 : 4;
  const first = at + 8; // sh_flags, sh_addr, sh_offset, sh_size, then sh_link and sh_info (32 bit each), sh_addralign, sh_entsize
  const links = first + 4 * step;
  return {
    nameOffset: numbers.u32(at),
    section: {
      at,
      name: '',
      type: numbers.u32(at + 4),
      flags: word(first),
      address: address(numbers, is64, first + step),
      offset: word(first + 2 * step),
      size: word(first + 3 * step),
      link: numbers.u32(links),
      info: numbers.u32(links + 4),
      align: word(links + 8),
      entrySize: word(links + 8 + step),
    },
  };
}

const LONGEST_SECTION_NAME = 256;

function nameOf(source: ByteSource, names: ElfSection | undefined, at: number): string {
  if (names === undefined || at >= names.size) return '';
  const start = names.offset + at;
  const bytes = source.region(start, Math.min(start + LONGEST_SECTION_NAME, names.offset + names.size));
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
