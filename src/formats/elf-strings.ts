/**
 * Who reads which string of `.dynstr`, and how much room a string has: linkers let strings share their tails, so one string may be the
 * end of another. Source: gABI chapter 5 ("Hash Table"), the GNU hash section as glibc's dl-lookup.c reads it, elf.h for versions.
 */
import { chunksOf } from './elf-tables.ts';
import { MalformedElf, offsetOf, SECTION, SEGMENT, type Elf } from './elf.ts';
import { definitionRecords, needRecords } from './elf-version-tables.ts';
import { STRING_TAGS, TAG, type Dynamic, type DynamicEntry } from './elf-dynamic.ts';

/** A place that names a string by its offset in the table. */
export interface StringUse {
  /** Bytes from the start of `.dynstr`. */
  readonly offset: number;
  /** Null where it is a symbol or a version and no tag. */
  readonly tag: DynamicEntry | null;
}

/** The room of the string [start, end) (offsets in the table, `end` that of its NUL). */
export interface StringRoom {
  /** Bytes that a new string may have; -1 where it can't be written at all, because it is the end of another string. */
  readonly room: number;
  /** Whether somebody reads a tail of the string, which begins right behind the room and its NUL. */
  readonly isShared: boolean;
  /** Everybody who reads the string from its start. */
  readonly users: readonly StringUse[];
  /** Offsets, in the table, of strings that begin inside this one. */
  readonly tails: readonly number[];
}

/**
 * The room of a string of the table.
 * @returns null where it can't be established who reads the table: nothing in it may be changed
 * @throws MalformedElf, RangeError where a table goes on behind the end of the file
 */
export function roomOfString(elf: Elf, dynamic: Dynamic, start: number, end: number): StringRoom | null {
  const first = startOfRun(elf, dynamic, start);
  const users: StringUse[] = [];
  const tails: number[] = [];
  let isTail = false;
  const isKnown = visitUses(elf, dynamic, first, end, (use) => {
    if (use.offset < start) isTail = true;
    else if (use.offset === start) users.push(use);
    else if (use.offset < end) tails.push(use.offset);
  });
  if (!isKnown) return null;
  tails.sort((a, b) => a - b);
  const [tail] = tails;
  return {
    room: isTail ? -1 : tail === undefined ? end - start : tail - start - 1,
    isShared: tail !== undefined,
    users,
    tails,
  };
}

/** Where the run of bytes without NUL that holds `at` begins. */
function startOfRun({ source }: Elf, { strings }: Dynamic, at: number): number {
  const bytes = source.region(strings.start, strings.start + at);
  return bytes.lastIndexOf(0) + 1;
}

/** The bytes of the table that nobody reads, given out piece by piece. What is NUL already is none of them: it may be the room of a string. */
export class UnreadBytes {
  readonly #runs: [number, number][];

  /** @throws MalformedElf, RangeError where a table goes on behind the end of the file */
  constructor(elf: Elf, dynamic: Dynamic) {
    this.#runs = unreadRuns(elf, dynamic);
  }

  /** The offset, in the table, of so many bytes; null where there are not so many together. They are given out once. */
  take(size: number): number | null {
    const run = this.#runs.find(([start, end]) => end - start >= size);
    if (run === undefined) return null;
    const [start] = run;
    run[0] += size;
    return start;
  }
}

/** Runs as [start, end); none where it can't be established who reads the table. */
function unreadRuns(elf: Elf, dynamic: Dynamic): [number, number][] {
  const { start, size } = dynamic.strings;
  const bytes = Buffer.from(elf.source.region(start, start + size));
  const isKept = Uint8Array.from(bytes, (byte) => (byte === 0 ? 1 : 0));
  const isKnown = visitUses(elf, dynamic, 0, size, ({ offset }) => {
    for (let at = offset; at < size && bytes[at] !== 0 && isKept[at] === 0; at++) isKept[at] = 1;
  });
  const runs: [number, number][] = [];
  for (let at = isKnown ? isKept.indexOf(0) : -1; at >= 0; at = isKept.indexOf(0, runs.at(-1)?.[1] ?? size)) {
    const end = isKept.indexOf(1, at);
    runs.push([at, end < 0 ? size : end]);
    if (end < 0) break;
  }
  return runs;
}

/** Tags after which more than is known here may read the table (prelink's library list, Sun's filters). */
const UNKNOWN_READERS: ReadonlySet<number> = new Set([0x6ffffef9, 0x6000000d, 0x6000000e]);

/** Tells `visit` of every use in [from, to); false where it can't be established who reads the table. */
function visitUses(elf: Elf, dynamic: Dynamic, from: number, to: number, visit: (use: StringUse) => void): boolean {
  const isIn = (offset: number): boolean => offset >= from && offset < to;
  if (dynamic.entries.some(({ tag }) => UNKNOWN_READERS.has(tag))) return false;
  for (const tag of dynamic.entries) if (STRING_TAGS.has(tag.tag) && isIn(tag.value)) visit({ offset: tag.value, tag });
  const tables = symbolTables(elf, dynamic);
  if (tables === null) return false;
  for (const { offset, count, entrySize } of requirePlausible(elf, tables))
    for (const { bytes, read } of chunksOf(elf, offset, count, entrySize))
      for (let at = 0; at < bytes.length; at += entrySize) {
        const name = read(at); // st_name is the first word of Elf32_Sym and of Elf64_Sym
        if (isIn(name)) visit({ offset: name, tag: null });
      }
  for (const offset of versionNames(elf, dynamic)) if (isIn(offset)) visit({ offset, tag: null });
  return true;
}

interface SymbolTable {
  readonly offset: number;
  readonly count: number;
  readonly entrySize: number;
}

/** Tables that overlap so much that they hold more than the file twice are no tables. */
function requirePlausible({ source }: Elf, tables: readonly SymbolTable[]): readonly SymbolTable[] {
  const bytes = tables.reduce((sum, { count, entrySize }) => sum + count * entrySize, 0);
  if (bytes > 2 * source.size) throw new MalformedElf('its symbol tables hold more than the file');
  return tables;
}

function symbolTables(elf: Elf, dynamic: Dynamic): SymbolTable[] | null {
  const entrySize = elf.is64 ? 24 : 16;
  const tables: SymbolTable[] = [];
  for (const { type, link, offset, size } of elf.sections) {
    if (type !== SECTION.symbols && type !== SECTION.dynamicSymbols) continue;
    if (elf.sections[link]?.offset === dynamic.strings.start)
      tables.push({ offset, count: Math.floor(size / entrySize), entrySize });
  }
  const address = valueOf(dynamic, TAG.symbolTable);
  if (address === null) return tables;
  const offset = offsetOf(elf, address);
  const count = offset === null ? null : symbolCount(elf, dynamic, address, entrySize);
  if (offset === null || count === null) return null;
  const known = tables.find((table) => table.offset === offset);
  if (known !== undefined && known.count >= count) return tables;
  return [...tables, { offset, count, entrySize }];
}

/** Machines whose DT_HASH has 64-bit words: Alpha and s390x (glibc, Elf_Symndx). */
const WIDE_HASH: ReadonlySet<number> = new Set([0x9026, 22]);
/** EM_MIPS and its DT_MIPS_SYMTABNO. */
const MIPS = 8;
const MIPS_SYMBOL_COUNT = 0x70000011;

/** How many symbols there are, or a number that is not smaller; null where nothing tells. */
function symbolCount(elf: Elf, dynamic: Dynamic, address: number, entrySize: number): number | null {
  const mips = elf.machine === MIPS ? valueOf(dynamic, MIPS_SYMBOL_COUNT) : null;
  if (mips !== null) return mips;
  const hash = fileOffset(elf, dynamic, TAG.hash);
  if (hash !== null)
    return elf.is64 && WIDE_HASH.has(elf.machine) ? elf.numbers.u64(hash + 8) : elf.numbers.u32(hash + 4); // nchain
  const offset = offsetOf(elf, address);
  const section = elf.sections.find(
    (candidate) => candidate.type === SECTION.dynamicSymbols && candidate.offset === offset,
  );
  const gnu = fileOffset(elf, dynamic, TAG.gnuHash);
  const hashed = gnu === null ? null : gnuHashCount(elf, gnu);
  if (section !== undefined) return Math.max(hashed ?? 0, Math.floor(section.size / entrySize));
  // a GNU hash without a defined symbol does not count the undefined ones: then all up to the next table may be symbols
  return Math.max(hashed ?? 0, upToNextTable(elf, dynamic, address, entrySize));
}

/** The last symbol of the chain that begins latest (dl-lookup.c: the low bit of a hash ends a chain); null where none is hashed. */
function gnuHashCount(elf: Elf, at: number): number | null {
  const { u32 } = elf.numbers;
  const [buckets, firstHashed, bloomWords] = [u32(at), u32(at + 4), u32(at + 8)];
  const bucketsAt = at + 16 + bloomWords * (elf.is64 ? 8 : 4);
  if (bucketsAt + buckets * 4 > elf.source.size) return null;
  let last = 0;
  for (const { bytes, read } of chunksOf(elf, bucketsAt, buckets, 4))
    for (let bucket = 0; bucket < bytes.length; bucket += 4) last = Math.max(last, read(bucket));
  if (last < firstHashed || last === 0) return null;
  const chainAt = bucketsAt + (buckets + last - firstHashed) * 4;
  for (const { bytes, read } of chunksOf(elf, chainAt, Math.floor((elf.source.size - chainAt) / 4), 4))
    for (let hash = 0; hash < bytes.length; hash += 4, last++) if ((read(hash) & 1) === 1) return last + 1;
  return null;
}

/** d_tag values whose d_val is the address of a table (gABI, figure 5-10; elf.h for DT_RELR, DT_VERSYM). */
const ADDRESSES: ReadonlySet<number> = new Set([
  3, 4, 5, 6, 7, 12, 13, 17, 23, 25, 26, 32, 36, 0x6ffffef5, 0x6ffffff0, 0x6ffffffc, 0x6ffffffe,
]);

function upToNextTable(elf: Elf, dynamic: Dynamic, address: number, entrySize: number): number {
  const segment = elf.segments.find(
    ({ type, address: start, fileSize }) => type === SEGMENT.load && address >= start && address < start + fileSize,
  );
  if (segment === undefined) return 0;
  const next = dynamic.entries
    .filter(({ tag, value }) => ADDRESSES.has(tag) && value > address)
    .reduce((least, { value }) => Math.min(least, value), segment.address + segment.fileSize);
  return Math.floor((next - address) / entrySize);
}

/** The names in the version tables. */
function versionNames(elf: Elf, dynamic: Dynamic): number[] {
  return [
    ...needRecords(elf, dynamic).flatMap(({ file, versions }) => [file, ...versions.map(({ name }) => name)]),
    ...definitionRecords(elf, dynamic).flatMap(({ names }) => names),
  ];
}

function valueOf({ entries }: Dynamic, tag: number): number | null {
  return entries.find((entry) => entry.tag === tag)?.value ?? null;
}

function fileOffset(elf: Elf, dynamic: Dynamic, tag: number): number | null {
  const address = valueOf(dynamic, tag);
  return address === null ? null : offsetOf(elf, address);
}
