/**
 * Pieces of a path that a compiler copies by instructions: of `strcpy(buffer, "/srv/build/site/etc")` GCC and Clang make moves of 8 bytes
 * (immediates, x86-64) or 16 (constants in `.rodata`, aligned), the last of which may overlap the one before. No search for the whole
 * path sees them, and no edit is right that does not change them all.
 */
import { encodeBytes } from './byte-text.ts';
import { SECTION, SECTION_FLAG, sectionAt, type Elf, type ElfSection } from './elf.ts';
import type { Span } from './interior-references.ts';
import { isCode, plausibleSections } from './native-place.ts';

const X64 = 62;
const WORD = 8;
const VECTOR = 16;
/** How far behind the first move of a copy the others are. */
const COPY_BYTES = 96;
/** Bytes that tell a piece from chance, where the first of them agrees already. */
const EVIDENCE = 4;
const SLASH = 0x2f;

/**
 * Node looks for up to so many bytes by the first of them, with the C library; for more it soon skips by the last of them, at a fifth of the
 * speed where the first is as rare as a slash in a program.
 */
const QUICK = WORD - 1;

/** A quick look whether a program may hold pieces of a path: whether its first bytes stand where it does not go on. */
export function mayHoldCopies(program: Buffer, path: string): boolean {
  const bytes = encodeBytes(path);
  if (bytes.length < WORD) return false;
  const start = bytes.subarray(0, QUICK);
  for (let at = program.indexOf(start); at >= 0; at = program.indexOf(start, at + 1))
    if (program[at + QUICK] === bytes[QUICK] && !stands(program, at, bytes)) return true;
  return false;
}

/** The first pieces of copies of a path, by their place in the file; at most one for each copy. */
export function splitCopies(elf: Elf, path: Buffer): Span[] {
  if (path.length < WORD) return [];
  const hasRest = path.length > VECTOR && hasOverlappingCopy(elf, path);
  return plausibleSections(elf).flatMap((section) => {
    if (isCode(section)) return elf.machine === X64 ? immediates(bytesOf(elf, section), section, path) : [];
    return hasRest && holdsConstants(section) ? vectors(bytesOf(elf, section), section, path) : [];
  });
}

/** Those of the hits that may be the first pieces of copies, although the whole path stands there: what follows would be wrong. */
export function copiedInPieces<H extends CopiedHit>(elf: Elf, hits: readonly H[]): ReadonlySet<H> {
  const aligned = hits.filter(({ start }) => {
    const section = sectionAt(elf, start);
    return section !== null && holdsConstants(section) && (section.address + start - section.offset) % VECTOR === 0;
  });
  const copied = new Map<string, boolean>();
  return new Set(
    aligned.filter(({ prefix: { path } }) => {
      const known = copied.get(path) ?? hasOverlappingCopy(elf, encodeBytes(path));
      copied.set(path, known);
      return known;
    }),
  );
}

interface CopiedHit extends Span {
  readonly prefix: { readonly path: string };
}

/**
 * Whether the program holds the rest of a copy whose first 16 bytes were another move: an aligned constant that begins in the middle of
 * the path and goes on behind it.
 */
function hasOverlappingCopy(elf: Elf, path: Buffer): boolean {
  if (path.length < EVIDENCE) return false;
  const end = Buffer.concat([path.subarray(-EVIDENCE), Buffer.from([SLASH])]);
  return plausibleSections(elf).some((section) => {
    if (!holdsConstants(section)) return false;
    const bytes = bytesOf(elf, section);
    return occurrences(bytes, end).some((at) => {
      const from = at - ((section.address + at) % VECTOR);
      const held = at + EVIDENCE - from;
      const isPiece = from >= 0 && held < path.length && bytes.subarray(from, from + held).equals(path.subarray(-held));
      // the last of the moves reaches back so far that its last byte is the NUL
      const isLast = [VECTOR, 2 * VECTOR].includes(bytes.indexOf(0, from) + 1 - from);
      return isPiece && isLast && !stands(bytes, from + held - path.length, path);
    });
  });
}

function stands(bytes: Buffer, at: number, path: Buffer): boolean {
  return at >= 0 && bytes.subarray(at, at + path.length).equals(path);
}

/** `movabs imm64, r64`: REX.W, B8+r. */
function immediates(bytes: Buffer, { offset }: ElfSection, path: Buffer): Span[] {
  const found: Span[] = [];
  for (const at of occurrences(bytes, path.subarray(0, WORD))) {
    const isMove = ((bytes[at - 2] ?? 0) & 0xfe) === 0x48 && ((bytes[at - 1] ?? 0) & 0xf8) === 0xb8;
    const rest = bytes.subarray(at + WORD, at + COPY_BYTES);
    if (isMove && (path.length < WORD + 2 || holdsPiece(rest, path, WORD - EVIDENCE + 1)))
      found.push({ start: offset + at, end: offset + at + WORD });
  }
  return found;
}

/** Whether bytes hold four of the path that begin at its byte `from` or later. */
function holdsPiece(bytes: Buffer, path: Buffer, from: number): boolean {
  for (let at = Math.min(from, path.length - EVIDENCE); at + EVIDENCE <= path.length; at++)
    if (bytes.includes(path.subarray(at, at + EVIDENCE))) return true;
  return false;
}

function vectors(bytes: Buffer, { address, offset }: ElfSection, path: Buffer): Span[] {
  return occurrences(bytes, path.subarray(0, VECTOR))
    .filter((at) => (address + at) % VECTOR === 0 && !stands(bytes, at, path))
    .map((at) => ({ start: offset + at, end: offset + at + VECTOR }));
}

function occurrences(bytes: Buffer, piece: Buffer): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(piece); at >= 0; at = bytes.indexOf(piece, at + 1)) found.push(at);
  return found;
}

function holdsConstants({ type, flags }: ElfSection): boolean {
  return (
    type === SECTION.programBits &&
    (flags & (SECTION_FLAG.allocated | SECTION_FLAG.executable | SECTION_FLAG.write)) === SECTION_FLAG.allocated
  );
}

function bytesOf({ source }: Elf, { offset, size }: ElfSection): Buffer {
  return source.region(offset, offset + size);
}
