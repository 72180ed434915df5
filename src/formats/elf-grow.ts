/**
 * Gives an ELF file a longer `.dynstr`: the table is copied to the end of the file and a spare program header maps it there. Nothing that
 * the program uses moves. As edits (splices): headers in place, the table appended. Pure. Source: gABI chapters 4 and 5; bytes.md, "Grow".
 */
import type { Splice } from '../model/reference.ts';
import { numberBytes } from './byte-source.ts';
import { decodeBytes } from './byte-text.ts';
import { TAG, type Dynamic, type DynamicEntry } from './elf-dynamic.ts';
import { blanked, repointed } from './elf-replace.ts';
import { roomOfString } from './elf-strings.ts';
import { SEGMENT, type Elf, type ElfSegment } from './elf.ts';
import { payloadsOf } from './payload.ts';

/** Why a file can't grow, in words that go on behind "it can't grow: ". */
export type Grown =
  { readonly ok: true; readonly splices: readonly Splice[] } | { readonly ok: false; readonly why: string };

/** The string that gives way: offsets in the table; the tags of these kinds that read it will read the new value. */
export interface Replaced {
  readonly start: number;
  readonly end: number;
  readonly tags: ReadonlySet<number>;
}

/**
 * The edits after which the tags that read a string read `value`, which may have any length.
 * @throws MalformedElf, RangeError where the file's tables can't be what they say
 */
export function growString(elf: Elf, dynamic: Dynamic, { start, end, tags }: Replaced, value: Buffer): Grown {
  const room = roomOfString(elf, dynamic, start, end);
  const readers = dynamic.entries.filter(({ tag, value: at }) => tags.has(tag) && at === start);
  const gone = room === null ? [] : blanked(dynamic, start, room, readers.length);
  return grow(elf, dynamic, value, gone, (at) => readers.map((reader) => repointed(elf, reader, at)));
}

/**
 * The edits that give a file without a search path one (DT_RUNPATH), in a spare entry of its dynamic section.
 * @throws MalformedElf, RangeError where the file's tables can't be what they say
 */
export function addRunpath(elf: Elf, dynamic: Dynamic, value: Buffer): Grown {
  const spare = spareEntry(elf, dynamic);
  if (spare === null) return { ok: false, why: 'its dynamic section has no spare entry' };
  return grow(elf, dynamic, value, [], (at) => [word(elf, spare, TAG.runpath), word(elf, spare + wordSize(elf), at)]);
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

function grow(
  elf: Elf,
  dynamic: Dynamic,
  value: Buffer,
  gone: readonly Splice[],
  repoint: (offset: number) => readonly Splice[],
): Grown {
  const spare = spareHeader(elf);
  if (typeof spare === 'string') return { ok: false, why: spare };
  const { strings } = dynamic;
  const size = elf.source.size;
  const padding = -size & (ALIGNMENT - 1);
  const offset = size + padding;
  const address = freeAddress(elf, offset);
  const table = Buffer.concat([
    Buffer.from(elf.source.region(strings.start, strings.start + strings.size)),
    value,
    Buffer.alloc(1),
  ]);
  for (const { start, end, text } of gone) table.write(text, start - strings.start, end - start, 'latin1');
  if (!elf.is64 && address + table.length > 0xffffffff) return { ok: false, why: 'its addresses end' };
  const pointers = [
    [TAG.stringTable, address],
    [TAG.stringSize, table.length],
  ] as const;
  return {
    ok: true,
    splices: [
      programHeaders(elf, spare, { offset, address, size: table.length }),
      ...pointers.flatMap(([tag, to]) => entriesOf(dynamic, tag).map(({ valueAt }) => word(elf, valueAt, to))),
      ...repoint(strings.size),
      ...gone,
      ...sectionHeader(elf, dynamic, { offset, address, size: table.length }),
      { start: size, end: size, text: decodeBytes(Buffer.concat([Buffer.alloc(padding), table])) },
    ],
  };
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
