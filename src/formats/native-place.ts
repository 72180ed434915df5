/** What part of a program, a library or object code a byte of it is: of which image, in which section, or in what was added to it. */
import { arMembers, isAr, type ArMember } from './ar.ts';
import type { ByteSource } from './byte-source.ts';
import { readElf } from './elf-headers.ts';
import { ELF_TYPE, isElf, MalformedElf, sectionAt, SECTION, SECTION_FLAG, type Elf } from './elf.ts';
import type { ElfSection } from './elf.ts';
import { isMachO, readMachO } from './macho.ts';
import { MalformedMachO } from './macho-commands.ts';
import { partsOf, type MachOPart } from './macho-parts.ts';
import { objectFile } from './object-file.ts';
import { payloadsOf, type Payload } from './payload.ts';

export type NativePlace =
  /** In an ELF image that begins at the file offset `start`. `section` null: no section is there, or the file names none. */
  | { readonly kind: 'elf'; readonly elf: Elf; readonly start: number; readonly section: ElfSection | null }
  | { readonly kind: 'payload'; readonly payload: Payload }
  /** In an archive, in a member that is no ELF image: object code of another kind, or the archive's own tables. */
  | { readonly kind: 'member'; readonly member: ArMember | null; readonly isObject: boolean }
  | { readonly kind: 'malformed'; readonly why: string }
  /** In a Mach-O file; `part` null: in its headers, or in what no section is. */
  | { readonly kind: 'mach-o'; readonly part: MachOPart | null }
  /** A native file of another kind: PE. */
  | { readonly kind: 'other' };

/** Says of an offset where it is. */
export type PlaceFinder = (offset: number) => NativePlace;

/** What is known of a file from its first bytes on; null for a file that is neither program, library nor object code. */
export function nativePlaces(source: ByteSource, head: Buffer): PlaceFinder | null {
  if (isElf(head)) return inElf(source, 0);
  if (isAr(head)) return inAr(source);
  if (isMachO(head)) return inMachO(source);
  return objectFile(head) === null ? null : () => ({ kind: 'other' });
}

/** The ELF images of a file, itself or the members of an archive, that `isWanted`. Those that can't be read are left out. */
export function elfImages(
  source: ByteSource,
  head: Buffer,
  isWanted: (image: ByteSource) => boolean,
): { readonly elf: Elf; readonly start: number }[] {
  if (!isElf(head) && !isAr(head)) return [];
  const pieces = isElf(head) ? [{ start: 0, end: source.size }] : arMembers(source);
  return pieces.flatMap(({ start, end }) => {
    const image = isElf(head) ? source : pieceOf(source, start, end);
    const elf = isElf(image.region(0, 4)) && isWanted(image) ? elfIn(image) : null;
    return elf === null || elf instanceof MalformedElf ? [] : [{ elf, start }];
  });
}

function inElf(source: ByteSource, start: number): PlaceFinder {
  const elf = elfIn(source);
  if (elf === null || elf instanceof MalformedElf) {
    const why = elf?.message ?? 'it is none';
    return () => ({ kind: 'malformed', why });
  }
  const payloads = payloadsOf(elf);
  const sectionOf = sectionFinder(elf);
  return (offset) => {
    const payload = payloads.find(({ start, end }) => offset >= start && offset < end);
    if (payload !== undefined) return { kind: 'payload', payload };
    return { kind: 'elf', elf, start, section: sectionOf(offset - start) };
  };
}

/** Hits come in the order of their places: most are in the section of the one before. */
function sectionFinder(elf: Elf): (offset: number) => ElfSection | null {
  let last: ElfSection | null = null;
  return (offset) => {
    if (last === null || offset < last.offset || offset >= last.offset + last.size) last = sectionAt(elf, offset);
    return last;
  };
}

function inMachO(source: ByteSource): PlaceFinder {
  const parts = machOParts(source);
  if (parts instanceof MalformedMachO) return () => ({ kind: 'malformed', why: parts.message });
  return (offset) => ({
    kind: 'mach-o',
    part: parts.find(({ start, end }) => offset >= start && offset < end) ?? null,
  });
}

function machOParts(source: ByteSource): readonly MachOPart[] | MalformedMachO {
  try {
    return readMachO(source).flatMap(partsOf);
  } catch (error) {
    if (error instanceof MalformedMachO) return error;
    throw error;
  }
}

function inAr(source: ByteSource): PlaceFinder {
  const members = arMembers(source);
  let last: { readonly member: ArMember; readonly find: PlaceFinder } | null = null;
  return (offset) => {
    if (last !== null && offset >= last.member.start && offset < last.member.end) return last.find(offset);
    const member = members.find(({ start, end }) => offset >= start && offset < end);
    if (member === undefined) return { kind: 'member', member: null, isObject: false };
    last = { member, find: inMember(source, member) };
    return last.find(offset);
  };
}

function inMember(source: ByteSource, member: ArMember): PlaceFinder {
  const piece = pieceOf(source, member.start, member.end);
  const elf = elfIn(piece);
  if (elf instanceof MalformedElf) return () => ({ kind: 'malformed', why: elf.message });
  if (elf === null) {
    const isObject = objectFile(piece.region(0, 4096)) !== null;
    return () => ({ kind: 'member', member, isObject });
  }
  const sectionOf = sectionFinder(elf);
  return (offset) => ({ kind: 'elf', elf, start: member.start, section: sectionOf(offset - member.start) });
}

function elfIn(source: ByteSource): Elf | MalformedElf | null {
  if (!isElf(source.region(0, 4))) return null;
  try {
    return readElf(source);
  } catch (error) {
    if (error instanceof MalformedElf) return error;
    throw error;
  }
}

function pieceOf(source: ByteSource, start: number, end: number): ByteSource {
  return {
    size: end - start,
    region: (from, to) => source.region(start + Math.max(0, from), Math.min(end, start + Math.max(0, to))),
  };
}

/**
 * The sections of an image, as long as they take no more than the file has, twice: those of a file that was made to keep a reader busy
 * lie over one another.
 */
export function plausibleSections({ sections, source }: Elf): ElfSection[] {
  let left = 2 * source.size;
  return sections.filter(({ type, size }) => type === SECTION.noBits || (left -= size) >= 0);
}

/** Sections that only debuggers, profilers and people read, by name (DWARF, stabs, CTF, BTF; elf(5), ld and gcc manuals). */
const FOR_DEBUGGERS =
  /^\.(?:z?debug_.*|debug|line|stab.*|gdb_index|gnu_debug(?:data|link|altlink)|comment|GCC\.command\.line|ctf|SUNW_ctf|BTF(?:\.ext)?|gopclntab|data\.rel\.ro\.gopclntab)$/;

/**
 * Whether nothing of a running program depends on a section: debug information, records of how it was compiled, names of files for
 * tracebacks (Go's line table), and the names of symbols that are not loaded.
 */
export function isForDebuggers({ name, type, flags }: ElfSection): boolean {
  return FOR_DEBUGGERS.test(name) || (type === SECTION.strings && (flags & SECTION_FLAG.allocated) === 0);
}

/** Whether the bytes are instructions. */
export function isCode({ flags }: ElfSection): boolean {
  return (flags & SECTION_FLAG.executable) !== 0;
}

/** Whether a section holds strings alone, each ended by a NUL: no number stands between them. */
export function holdsStringsAlone({ type, flags, entrySize }: ElfSection): boolean {
  return type === SECTION.strings || ((flags & SECTION_FLAG.strings) !== 0 && entrySize <= 1);
}

/** Whether an image is to be linked still. */
export function isRelocatable({ type }: Elf): boolean {
  return type === ELF_TYPE.relocatable;
}
