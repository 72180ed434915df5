/**
 * Gives an ELF file a longer `.dynstr`: the table is copied to the end of the file and a spare program header maps it there. Nothing that
 * the program uses moves. As edits (splices): headers in place, the table appended. Pure. Source: gABI chapters 4 and 5; bytes.md, "Grow".
 */
import type { Splice } from '../model/reference.ts';
import { numberBytes } from './byte-source.ts';
import { decodeBytes, encodeBytes } from './byte-text.ts';
import { TAG, type Dynamic, type DynamicEntry } from './elf-dynamic.ts';
import { blanked, repointed, type Replaceable } from './elf-replace.ts';
import { roomOfString } from './elf-strings.ts';
import { SEGMENT, type Elf, type ElfSegment } from './elf.ts';
import { payloadsOf } from './payload.ts';

/** Why a file can't grow, in words that go on behind "it can't grow: ". */
export type Grown =
  { readonly ok: true; readonly splices: readonly Splice[] } | { readonly ok: false; readonly why: string };

/** A string that gives way: offsets in the table; the tags of these kinds that read it will read the new value, which may have any length. */
export interface LongerString extends Replaceable {
  readonly value: Buffer;
}

/**
 * The edits after which the tags that read some strings read their new values. `edits`: what else changes in the table, in place; the copy
 * of the table has it too.
 * @throws MalformedElf, RangeError where the file's tables can't be what they say
 */
export function growStrings(
  elf: Elf,
  dynamic: Dynamic,
  strings: readonly LongerString[],
  edits: readonly Splice[],
): Grown {
  const gone = strings.flatMap(({ start, end, tags }) => {
    const room = roomOfString(elf, dynamic, start, end);
    return room === null ? [] : blanked(dynamic, start, room, readersOf(dynamic, start, tags).length);
  });
  const added = strings.map(({ start, tags, value }) => ({
    value,
    pointers: (at: number): Splice[] => readersOf(dynamic, start, tags).map((reader) => repointed(elf, reader, at)),
  }));
  return grow(elf, dynamic, added, [...gone, ...edits]);
}

function readersOf({ entries }: Dynamic, start: number, tags: ReadonlySet<number>): DynamicEntry[] {
  return entries.filter(({ tag, value }) => tags.has(tag) && value === start);
}

/**
 * The edits that give a file without a search path one (DT_RUNPATH), in a spare entry of its dynamic section.
 * @throws MalformedElf, RangeError where the file's tables can't be what they say
 */
export function addRunpath(elf: Elf, dynamic: Dynamic, value: Buffer): Grown {
  const spare = spareEntry(elf, dynamic);
  if (spare === null) return { ok: false, why: 'its dynamic section has no spare entry' };
  const pointers = (at: number): Splice[] => [word(elf, spare, TAG.runpath), word(elf, spare + wordSize(elf), at)];
  return grow(elf, dynamic, [{ value, pointers }], []);
}

/** The first of two or more DT_NULL at the end of the dynamic section: the second still ends it. */
function spareEntry(elf: Elf, { entries }: Dynamic): number | null {
  const segment = elf.segments.find(({ type }) => type === SEGMENT.dynamic);
  const last = entries.at(-1);
  if (segment === undefined || last === undefined) return null;
  const size = 2 * wordSize(elf);
  const at = last.valueAt + wordSize(elf);
  if (at + 2 * size > segment.offset + segment.fileSize) return null;
  return elf.source.region(at, at + 2 * size).every((byte) => byte === 0) ? at : null;
}

/** The table is copied to such a boundary. */
const ALIGNMENT = 16;
/** The smallest page of any machine: a segment that is aligned to less would share one. */
const SMALLEST_PAGE = 4096;

/** A string for the end of the table, and the edits that let tags read it from its offset. */
interface AddedString {
  readonly value: Buffer;
  pointers(offset: number): readonly Splice[];
}

function grow(elf: Elf, dynamic: Dynamic, added: readonly AddedString[], edits: readonly Splice[]): Grown {
  const spare = spareHeader(elf);
  if (typeof spare === 'string') return { ok: false, why: spare };
  const { size } = elf.source;
  const padding = -size & (ALIGNMENT - 1);
  const { table, pointers } = longerTable(elf, dynamic, added, edits);
  const placed = { offset: size + padding, address: freeAddress(elf, size + padding), size: table.length };
  if (!elf.is64 && placed.address + table.length > 0xffffffff) return { ok: false, why: 'its addresses end' };
  const about = [
    [TAG.stringTable, placed.address],
    [TAG.stringSize, table.length],
  ] as const;
  return {
    ok: true,
    splices: [
      programHeaders(elf, spare, placed),
      ...about.flatMap(([tag, to]) => entriesOf(dynamic, tag).map(({ valueAt }) => word(elf, valueAt, to))),
      ...pointers,
      ...edits,
      ...sectionHeader(elf, dynamic, placed),
      { start: size, end: size, text: decodeBytes(Buffer.concat([Buffer.alloc(padding), table])) },
    ],
  };
}

/** The table with its edits and what is added to it. */
function longerTable(
  { source }: Elf,
  { strings: { start, size } }: Dynamic,
  added: readonly AddedString[],
  edits: readonly Splice[],
): { readonly table: Buffer; readonly pointers: readonly Splice[] } {
  const old = Buffer.from(source.region(start, start + size));
  for (const { start: from, text } of edits) encodeBytes(text).copy(old, from - start);
  const parts: Buffer[] = [old];
  const pointers: Splice[] = [];
  let end = size;
  for (const string of added) {
    pointers.push(...string.pointers(end));
    parts.push(string.value, Buffer.alloc(1));
    end += string.value.length + 1;
  }
  return { table: Buffer.concat(parts), pointers };
}

interface Placed {
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** A program header that nothing needs at run time; or why there is none, or none may be taken. */
function spareHeader(elf: Elf): ElfSegment | string {
  const [payload] = payloadsOf(elf);
  if (payload !== undefined) return `it carries ${payload.name}, found by its place`;
  const properties = elf.segments.filter(({ type }) => type === SEGMENT.gnuProperty);
  // the loader reads properties (control-flow protection) through a note too
  const isProperty = ({ offset }: ElfSegment): boolean => properties.some((property) => property.offset === offset);
  const spare =
    elf.segments.find(({ type }) => type === SEGMENT.null) ??
    elf.segments.find((segment) => segment.type === SEGMENT.note && !isProperty(segment));
  return spare ?? 'it has no program header to spare';
}

/** Behind everything that is loaded, on a page of its own; offset and address agree within a page. */
function freeAddress(elf: Elf, offset: number): number {
  const loaded = elf.segments.filter(({ type }) => type === SEGMENT.load);
  const page = pageOf(loaded);
  const end = loaded.reduce((last, { address, memorySize }) => Math.max(last, address + memorySize), 0);
  return Math.ceil(end / page) * page + (offset % page);
}

function pageOf(loaded: readonly ElfSegment[]): number {
  return loaded.reduce((largest, { align }) => Math.max(largest, align), SMALLEST_PAGE);
}

/** The table of program headers with the spare one taken out and a new one behind the last that is loaded: addresses must ascend. */
function programHeaders(elf: Elf, spare: ElfSegment, placed: Placed): Splice {
  const { offset, entrySize, count } = elf.programHeaders;
  const read = ({ at }: ElfSegment): Buffer => Buffer.from(elf.source.region(at, at + entrySize));
  const kept = elf.segments.filter((segment) => segment !== spare);
  const last = kept.findLastIndex(({ type }) => type === SEGMENT.load);
  const added = headerBytes(elf, placed, pageOf(elf.segments.filter(({ type }) => type === SEGMENT.load)));
  const table = [...kept.slice(0, last + 1).map(read), added, ...kept.slice(last + 1).map(read)];
  return { start: offset, end: offset + entrySize * count, text: decodeBytes(Buffer.concat(table)) };
}

/** PF_R of p_flags. */
const READABLE = 4;

/** Elf32_Phdr and Elf64_Phdr: p_flags stands at another place in each. */
function headerBytes(elf: Elf, { offset, address, size }: Placed, page: number): Buffer {
  const { is64, isLittleEndian, programHeaders } = elf;
  const half = (value: number): Buffer => numberBytes(value, 4, isLittleEndian);
  const full = (value: number): Buffer => numberBytes(value, is64 ? 8 : 4, isLittleEndian);
  const middle = [full(offset), full(address), full(address), full(size), full(size)];
  const parts = is64
    ? [half(SEGMENT.load), half(READABLE), ...middle, full(page)]
    : [half(SEGMENT.load), ...middle, half(READABLE), full(page)];
  const bytes = Buffer.alloc(programHeaders.entrySize);
  Buffer.concat(parts).copy(bytes);
  return bytes;
}

/** The section header of the table says the same: without that, `strip` and `objcopy` would write the old one back. */
function sectionHeader(elf: Elf, { strings }: Dynamic, { offset, address, size }: Placed): Splice[] {
  const section = elf.sections.find(({ name, offset: at }) => name === '.dynstr' && at === strings.start);
  if (section === undefined) return [];
  const first = section.at + 8 + wordSize(elf); // sh_name, sh_type, sh_flags; then sh_addr, sh_offset, sh_size
  return [address, offset, size].map((value, index) => word(elf, first + index * wordSize(elf), value));
}

function entriesOf({ entries }: Dynamic, wanted: number): DynamicEntry[] {
  return entries.filter(({ tag }) => tag === wanted);
}

function wordSize({ is64 }: Elf): 4 | 8 {
  return is64 ? 8 : 4;
}

function word(elf: Elf, at: number, value: number): Splice {
  const width = wordSize(elf);
  return { start: at, end: at + width, text: decodeBytes(numberBytes(value, width, elf.isLittleEndian)) };
}
