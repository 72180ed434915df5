/** Finding prefixes in bytes: every written form of every prefix, in one pass, with boundaries checked. */
import type { Prefix } from '../model/prefix.ts';
import type { Escaping } from '../model/reference.ts';
import { BOUNDARY_MARGIN, pathEndsAt, whatStandsBefore } from './boundary.ts';
import { encodeBytes } from './byte-text.ts';
import { encodeWide, isWide, unitWidth } from './wide.ts';
import { writtenForms } from './written-forms.ts';

/** One place where a prefix stands: the bytes [start, end) are the prefix itself. */
export interface Hit {
  readonly start: number;
  readonly end: number;
  readonly prefix: Prefix;
  readonly escaping: Escaping;
  /** A `$` follows, which may end the path or be part of a name; or a byte that is no UTF-8 stands right beside it. */
  readonly ambiguous: boolean;
}

/** Where the bytes of a prefix stand as they are, whatever is around them. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly prefix: Prefix;
}

interface Needle {
  readonly bytes: Buffer;
  readonly prefix: Prefix;
  readonly escaping: Escaping;
  /** The prefix whose own bytes these are; null for an escaped form. */
  readonly plain: Prefix | null;
  /** For wide text: the same characters in the other byte order, which the same bytes may be, some bytes off. */
  readonly twin: Twin | null;
}

interface Twin {
  readonly bytes: Buffer;
  /** From where this needle begins to where its twin would. */
  readonly offset: number;
  /** Offsets at which this needle is preferred, by their remainder. */
  readonly width: number;
}

export interface Needles {
  /** Longest first, so that a nested prefix claims its bytes before the one around it. */
  readonly needles: readonly Needle[];
  /** A chunk that holds none of these holds no needle; null where a prefix has no good anchor. */
  readonly anchors: readonly Buffer[] | null;
  /** A hit can't be judged with fewer bytes than these around it. Multiples of 4: windows must begin at such offsets of the file. */
  readonly margin: { readonly behind: number; readonly ahead: number };
}

/** By the prefixes: several ask for the same. */
const compiled = new WeakMap<readonly Prefix[], Needles>();

/** Compiles the search for some prefixes. `forms` limits the escapings (tests and `undo` checks look for `plain` alone). */
export function compileNeedles(prefixes: readonly Prefix[], forms: 'all' | 'plain' = 'all'): Needles {
  const known = forms === 'all' ? compiled.get(prefixes) : undefined;
  if (known !== undefined) return known;
  const made = needlesOf(prefixes, forms);
  if (forms === 'all') compiled.set(prefixes, made);
  return made;
}

function needlesOf(prefixes: readonly Prefix[], forms: 'all' | 'plain'): Needles {
  const needles: Needle[] = [];
  const seen = new Set<string>();
  const plain = new Map(prefixes.map((prefix) => [encodeBytes(prefix.path).toString('latin1'), prefix]));
  for (const prefix of prefixes)
    for (const { bytes, escaping } of forms === 'all' ? writtenForms(prefix.path) : plainForm(prefix.path)) {
      const key = bytes.toString('latin1');
      if (seen.has(key)) continue;
      seen.add(key);
      needles.push({ bytes, prefix, escaping, plain: plain.get(key) ?? null, twin: twinOf(prefix.path, escaping) });
    }
  needles.sort((a, b) => b.bytes.length - a.bytes.length);
  const reach = reachOf(needles);
  const margin = {
    behind: roundUp(BOUNDARY_MARGIN.behind + reach),
    ahead: roundUp(2 * reach + BOUNDARY_MARGIN.ahead),
  };
  return { needles, anchors: anchorsOf(prefixes), margin };
}

/**
 * Finds all hits in a buffer, sorted, never overlapping. Where the buffer is a window of a larger file, `from` and `to` limit
 * where hits may start, and the bytes around (`margin`) serve the boundary checks.
 */
export function findHits(bytes: Buffer, needles: Needles, from = 0, to: number = bytes.length): Hit[] {
  return judgeHits(bytes, needles, findNeedles(bytes, needles), from, to);
}

/** What `findNeedles` gives for the same bytes, found in any way; valid until the next call. */
export type Finder = (bytes: Buffer) => ArrayLike<number>;

/**
 * Where needles stand in a buffer, whatever stands around them: pairs of a needle's index and its offset, in no order. The plain search,
 * one needle after the other; the kernel of the scan (io/search-kernel.ts) gives the same in one pass.
 */
export function findNeedles(bytes: Buffer, { needles, anchors }: Needles): number[] {
  const found: number[] = [];
  if (anchors !== null && !anchors.some((anchor) => bytes.includes(anchor))) return found;
  needles.forEach((needle, index) => {
    for (let at = bytes.indexOf(needle.bytes); at >= 0; at = bytes.indexOf(needle.bytes, at + 1)) found.push(index, at);
  });
  return found;
}

/** The hits among the places where needles stand (`findNeedles`), as `findHits` gives them. */
export function judgeHits(
  bytes: Buffer,
  { needles }: Needles,
  found: ArrayLike<number>,
  from = 0,
  to: number = bytes.length,
): Hit[] {
  const hits: Hit[] = [];
  if (found.length === 0) return hits;
  // hits beyond the limits count where they overlap one within them
  const reach = reachOf(needles);
  for (let i = 0; i < found.length; i += 2) {
    const needle = needles[found[i] ?? 0];
    const at = found[i + 1] ?? 0;
    if (needle === undefined || at < from - reach || at >= to + reach) continue;
    const hit = judge(bytes, needle, at);
    if (hit !== null) hits.push(hit);
  }
  return longestFirst(hits).filter(({ start }) => start >= from && start < to);
}

/** All places, hits or not, at which prefixes stand as they are, of those that `findNeedles` gives. Sorted, longest first; they may overlap. */
export function plainPlaces({ needles }: Needles, found: ArrayLike<number>): Place[] {
  const places: Place[] = [];
  for (let i = 0; i < found.length; i += 2) {
    const needle = needles[found[i] ?? 0];
    const start = found[i + 1] ?? 0;
    if (needle !== undefined && needle.plain !== null)
      places.push({ start, end: start + needle.bytes.length, prefix: needle.plain });
  }
  return places.length < 2 ? places : places.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** The place of the only needle that was found, where that is a prefix as it is; null where there are more, or another form. */
export function onlyPlace({ needles }: Needles, found: ArrayLike<number>): Place | null {
  const needle = found.length === 2 ? needles[found[0] ?? 0] : undefined;
  if (needle === undefined || needle.escaping !== 'plain' || needle.plain !== needle.prefix) return null;
  const start = found[1] ?? 0;
  return { start, end: start + needle.bytes.length, prefix: needle.prefix };
}

function judge(bytes: Buffer, needle: Needle, start: number): Hit | null {
  const { prefix, escaping, twin } = needle;
  if (twin !== null && isRatherTwin(bytes, start, twin)) return null;
  const before = whatStandsBefore(bytes, start, escaping);
  if (before === 'continues') return null;
  const end = start + needle.bytes.length;
  const after = pathEndsAt(bytes, end, escaping);
  if (after === 'continues') return null;
  return { start, end, prefix, escaping, ambiguous: before === 'ambiguous' || after === 'ambiguous' };
}

/** How far away another hit can be that decides over one: a hit gives way to a longer one that overlaps it, and that to a longer one. */
function reachOf(needles: readonly Needle[]): number {
  return 4 * (needles[0]?.bytes.length ?? 0);
}

/** Of overlapping hits the longest stays, then the earliest; result sorted by start. */
function longestFirst(hits: Hit[]): Hit[] {
  if (hits.length < 2) return hits;
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Hit[] = [];
  let group: Hit[] = [];
  let groupEnd = -1;
  for (const hit of hits) {
    if (hit.start >= groupEnd) {
      kept.push(...longestOf(group));
      group = [];
    }
    group.push(hit);
    groupEnd = Math.max(groupEnd, hit.end);
  }
  return [...kept, ...longestOf(group)];
}

/** Chooses among hits that overlap one another in a chain (two or three of them). */
function longestOf(group: readonly Hit[]): Hit[] {
  if (group.length < 2) return [...group];
  const chosen: Hit[] = [];
  for (const hit of [...group].sort((a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start))
    if (chosen.every(({ start, end }) => hit.end <= start || hit.start >= end)) chosen.push(hit);
  return chosen.sort((a, b) => a.start - b.start);
}

/**
 * ASCII text in UTF-16 reads the same in both byte orders, one byte off (in UTF-32: three). Aligned text is the likelier one; where
 * neither is aligned it is taken for little-endian, as most is.
 */
function isRatherTwin(bytes: Buffer, start: number, twin: Twin): boolean {
  const other = start + twin.offset;
  if (other < 0 || other + twin.bytes.length > bytes.length) return false;
  if (bytes.compare(twin.bytes, 0, twin.bytes.length, other, other + twin.bytes.length) !== 0) return false;
  const isLittleEndian = twin.offset < 0;
  if (start % twin.width === 0) return false;
  return other % twin.width === 0 || !isLittleEndian;
}

function twinOf(path: string, escaping: Escaping): Twin | null {
  if (!isWide(escaping)) return null;
  const width = unitWidth(escaping);
  const other = (
    { 'utf-16le': 'utf-16be', 'utf-16be': 'utf-16le', 'utf-32le': 'utf-32be', 'utf-32be': 'utf-32le' } as const
  )[escaping];
  const bytes = encodeWide(path, other);
  return bytes === null ? null : { bytes, width, offset: escaping.endsWith('le') ? 1 - width : width - 1 };
}

function plainForm(path: string): { bytes: Buffer; escaping: Escaping }[] {
  return [{ bytes: encodeBytes(path), escaping: 'plain' }];
}

function roundUp(count: number): number {
  return (count + 3) & ~3;
}

/**
 * The anchor of a prefix is its longest run of ASCII letters and digits: every written form holds it, as bytes or as wide
 * characters, so one quick look for it settles most files.
 */
function anchorsOf(prefixes: readonly Prefix[]): Buffer[] | null {
  const anchors = new Map<string, Buffer>();
  for (const { path } of prefixes) {
    const runs = path.match(/[A-Za-z0-9]+/g) ?? [];
    const anchor = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
    if (anchor.length < 3) return null;
    for (const width of [1, 2, 4]) {
      const bytes = Buffer.alloc((anchor.length - 1) * width + 1);
      for (let i = 0; i < anchor.length; i++) bytes[i * width] = anchor.charCodeAt(i);
      anchors.set(bytes.toString('latin1'), bytes);
    }
  }
  return [...anchors.values()];
}
