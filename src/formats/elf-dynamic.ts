/** The dynamic section of an ELF file: what the dynamic linker reads. Source: gABI chapter 5, "Dynamic Section"; elf.h for DT_GNU_*. */
import { MalformedElf, offsetOf, SEGMENT, type Elf } from './elf.ts';

/** d_tag. */
export const TAG = {
  null: 0,
  needed: 1,
  hash: 4,
  stringTable: 5,
  symbolTable: 6,
  stringSize: 10,
  symbolSize: 11,
  soname: 14,
  rpath: 15,
  runpath: 29,
  flags: 30,
  config: 0x6ffffefa,
  depAudit: 0x6ffffefb,
  audit: 0x6ffffefc,
  versionDefinitions: 0x6ffffffc,
  versionDefinitionCount: 0x6ffffffd,
  versionNeeds: 0x6ffffffe,
  versionNeedCount: 0x6fffffff,
  gnuHash: 0x6ffffef5,
  flags1: 0x6ffffffb,
  auxiliary: 0x7ffffffd,
  filter: 0x7fffffff,
} as const;

/** Tags that hold a search path. */
export const SEARCH_PATHS: ReadonlySet<number> = new Set<number>([TAG.rpath, TAG.runpath]);

/** Tags whose value is an offset in the string table. */
export const STRING_TAGS: ReadonlySet<number> = new Set<number>([
  TAG.needed,
  TAG.soname,
  TAG.rpath,
  TAG.runpath,
  TAG.config,
  TAG.depAudit,
  TAG.audit,
  TAG.auxiliary,
  TAG.filter,
]);

export interface DynamicEntry {
  readonly tag: number;
  readonly value: number;
  /** The file offset of d_val. */
  readonly valueAt: number;
}

export interface Dynamic {
  /** Up to DT_NULL, which is not among them. */
  readonly entries: readonly DynamicEntry[];
  /** `.dynstr`: the file offset of its first byte, and its bytes (DT_STRSZ). */
  readonly strings: { readonly start: number; readonly size: number };
}

/**
 * Reads the dynamic section; null where there is none (a static program, an object file) or it names no strings.
 * @throws MalformedElf where it can't be what it says
 */
export function readDynamic(elf: Elf): Dynamic | null {
  const segment = elf.segments.find(({ type }) => type === SEGMENT.dynamic);
  if (segment === undefined || segment.fileSize === 0) return null;
  if (segment.offset + segment.fileSize > elf.source.size)
    throw new MalformedElf(`its dynamic section at ${segment.offset} goes on behind the end of the file`);
  const entries = readEntries(elf, segment.offset, segment.offset + segment.fileSize);
  const table = entries.filter(({ tag }) => tag === TAG.stringTable);
  const sizes = entries.filter(({ tag }) => tag === TAG.stringSize);
  const [first] = table;
  const [size] = sizes;
  if (first === undefined || size === undefined) return null;
  if (table.length > 1 || sizes.length > 1) throw new MalformedElf('its dynamic section names two string tables');
  const start = offsetOf(elf, first.value);
  if (start === null || offsetOf(elf, first.value + size.value - 1) !== start + size.value - 1)
    throw new MalformedElf('its dynamic strings are not in what is loaded of the file');
  return { entries, strings: { start, size: size.value } };
}

/** The most entries that are read. Programs of build systems that link each of their libraries alone have some thousand. */
const MOST_ENTRIES = 2 ** 14;

function readEntries({ numbers, is64 }: Elf, start: number, end: number): DynamicEntry[] {
  const word = is64 ? 8 : 4;
  const entries: DynamicEntry[] = [];
  for (let at = start; at + 2 * word <= end; at += 2 * word) {
    const tag = tagAt(numbers, is64, at);
    if (tag === TAG.null) break;
    if (entries.length === MOST_ENTRIES)
      throw new MalformedElf(`more than ${MOST_ENTRIES} entries are in its dynamic section`);
    const valueAt = at + word;
    entries.push({ tag, value: valueOf({ numbers, is64 }, valueAt), valueAt });
  }
  return entries;
}

/** d_tag is signed and d_val may be an address of any size; what does not fit a number is no tag that is looked for. */
function tagAt(numbers: Elf['numbers'], is64: boolean, at: number): number {
  return is64 ? valueOf({ numbers, is64 }, at) : numbers.u32(at);
}

function valueOf({ numbers, is64 }: Pick<Elf, 'numbers' | 'is64'>, at: number): number {
  if (!is64) return numbers.u32(at);
  const [high, low] = numbers.isLittleEndian ? [at + 4, at] : [at, at + 4];
  return numbers.u32(high) * 2 ** 32 + numbers.u32(low);
}

/** The longest string of a string table that is read. */
const LONGEST = 64 * 1024;
/** Bytes of strings that are read in all. Tables of real files are shorter; where each tag reads another end of one long string, they have no end. */
const MOST_TEXT = 16 * 1024 * 1024;

/** A string of the table: where it stands in the file, `end` that of its NUL, and its bytes without it. */
export interface TableString {
  readonly start: number;
  readonly end: number;
  readonly bytes: Buffer;
}

/**
 * Reads the string at an offset of the table; null where the offset is behind the table, or no NUL ends it.
 * @throws MalformedElf, from a read, where all strings together take more than any file needs
 */
export function stringReader(
  { source }: Pick<Elf, 'source'>,
  { strings }: Pick<Dynamic, 'strings'>,
): (offset: number) => TableString | null {
  let left = MOST_TEXT;
  return (offset) => {
    if (offset >= strings.size) return null;
    const start = strings.start + offset;
    const bytes = source.region(start, Math.min(strings.start + strings.size, start + LONGEST));
    const nul = bytes.indexOf(0);
    if (nul < 0) return null;
    if ((left -= nul) < 0) throw new MalformedElf('its dynamic strings do not end');
    return { start, end: start + nul, bytes: Buffer.from(bytes.subarray(0, nul)) };
  };
}

/**
 * The strings that tags of these kinds read, in the order of the tags; the same string more than once where several tags read it.
 * @throws MalformedElf where all together take more than any file needs
 */
export function* tagStrings(
  elf: Pick<Elf, 'source'>,
  dynamic: Dynamic,
  tags: ReadonlySet<number>,
): Generator<TableString & { readonly entry: DynamicEntry }> {
  const read = stringReader(elf, dynamic);
  for (const entry of dynamic.entries) {
    const string = tags.has(entry.tag) ? read(entry.value) : null;
    if (string !== null) yield { ...string, entry };
  }
}
