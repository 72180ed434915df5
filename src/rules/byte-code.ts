/** What the two rules about byte code share: the string objects of a .pyc that hold a prefix, with the prefixes in them. */
import { pathEndsAt, whatStandsBefore } from '../formats/boundary.ts';
import { encodeBytes } from '../formats/byte-text.ts';
import type { MarshalString } from '../formats/marshal-strings.ts';
import type { Hit, Place } from '../formats/needles.ts';
import { pycHeader, type PycHeader } from '../formats/pyc.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import { pathAt, type FoundPath } from './claims.ts';
import type { FileView, RuleContext } from './rule.ts';

export interface ByteCode {
  readonly header: PycHeader;
  /** In file order. */
  readonly strings: readonly PathString[];
}

/** A string object that holds at least one prefix. */
export interface PathString {
  readonly string: MarshalString;
  readonly hits: readonly StringHit[];
  /** The path, where the string is a file name of the tree and nothing else. */
  readonly fileName: FoundPath | null;
}

/** A hit judged by the bytes of its string alone. */
export interface StringHit extends Hit {
  /** The hit of the search, for claims; null where the search could not see it. */
  readonly searched: Hit | null;
}

/** Whether a file is byte code by its name and head. */
export function isByteCode(path: TreePath, head: Buffer): boolean {
  return isByteCodeName(path) && pycHeader(head) !== null;
}

export function isByteCodeName(path: TreePath): boolean {
  return path.endsWith('.pyc') || path.endsWith('.pyo');
}

/** The source next to the folder of byte code, or next to it; null where the tree has none. */
export function sourceOf(path: TreePath, context: RuleContext): TreePath | null {
  const source = asTreePath(`${stemOf(path)}.py`);
  return context.resolvedTypeOf(source) === 'file' ? source : null;
}

/** The path of the source without its ending. */
function stemOf(path: TreePath): string {
  const slash = path.lastIndexOf('/');
  const before = slash - CACHE.length;
  const isCached = before >= 0 && path.startsWith(CACHE, before) && (before === 0 || path.charAt(before - 1) === '/');
  if (!isCached) return path.slice(0, -'.pyc'.length);
  return path.slice(0, before) + path.slice(slash + 1, path.indexOf('.', slash));
}

/** The folder in which Python 3 keeps byte code. */
const CACHE = '__pycache__';

/** What was read last: rules ask for the same file one after the other. */
let last: { readonly view: FileView; readonly byteCode: ByteCode | null } | null = null;

/** Reads byte code once for all rules. Null where it can't be read: the generic rules take its hits. */
export function readByteCode(view: FileView, hits: readonly Hit[], context: RuleContext): ByteCode | null {
  if (last?.view !== view) last = { view, byteCode: findStrings(view, hits, context) };
  return last.byteCode;
}

function findStrings(view: FileView, hits: readonly Hit[], context: RuleContext): ByteCode | null {
  const header = pycHeader(view.head);
  const { bytes } = view;
  if (header === null || bytes === null) return null;
  const places = allPlaces(hits, view.places ?? placesIn(bytes, context.prefixes), bytes.length);
  if (places.length === 0) return null;
  const starts = places.map(({ start }) => start);
  const strings = context.marshalStrings(bytes, header.size, header.layout, starts);
  return strings === null ? null : { header, strings: withHits(view, strings, places, bytes) };
}

function placesIn(bytes: Buffer, prefixes: readonly Prefix[]): Place[] {
  const places: Place[] = [];
  for (const prefix of prefixes) {
    const needle = encodeBytes(prefix.path);
    for (let start = bytes.indexOf(needle); start >= 0; start = bytes.indexOf(needle, start + 1))
      places.push({ start, end: start + needle.length, prefix });
  }
  return places.sort((a, b) => a.start - b.start);
}

/**
 * The hits of the search, and where a prefix stands without regard to boundaries, sorted. In marshal the byte before a string is its
 * length and the one behind it the type of the next object, which may look like bytes of a name: the search can't tell, the string can.
 */
function allPlaces(hits: readonly Hit[], places: readonly Place[], size: number): StringHit[] {
  const all = hits.map((hit) => searchedHit(hit, hit, hit.ambiguous));
  const unseen = notWithin(hits, places);
  if (unseen.length === 0) return all;
  for (const { start, end, prefix } of unseen.length === 1 ? unseen : longestOf(unseen, size))
    all.push({ start, end, prefix, escaping: 'plain', ambiguous: false, searched: null });
  return all.sort((a, b) => a.start - b.start);
}

function searchedHit({ start, end, prefix, escaping }: Hit, searched: Hit | null, ambiguous: boolean): StringHit {
  return { start, end, prefix, escaping, ambiguous, searched };
}

/** The places that overlap no hit; both are sorted, and hits do not overlap one another. */
function notWithin(hits: readonly Hit[], places: readonly Place[]): Place[] {
  let next = 0;
  return places.filter(({ start, end }) => {
    while ((hits[next]?.end ?? Infinity) <= start) next++;
    return (hits[next]?.start ?? Infinity) >= end;
  });
}

/** Of places that overlap the longest. */
function longestOf(places: readonly Place[], size: number): Place[] {
  const taken = new Uint8Array(size);
  const longestFirst = places.toSorted((a, b) => b.prefix.path.length - a.prefix.path.length || a.start - b.start);
  return longestFirst.filter(({ start, end }) => {
    if (taken.subarray(start, end).includes(1)) return false;
    taken.fill(1, start, end);
    return true;
  });
}

/** Gives each string its hits; those that the search did not see only where they stand at boundaries of the string itself. */
function withHits(
  view: FileView,
  all: readonly MarshalString[],
  places: readonly StringHit[],
  bytes: Buffer,
): PathString[] {
  const strings: PathString[] = [];
  let next = 0;
  for (const string of all) {
    const hits: StringHit[] = [];
    for (let hit = places[next]; hit !== undefined && hit.start < string.end; hit = places[++next]) {
      if (hit.start < string.payload || hit.end > string.end) continue;
      const judged = judgedWithin(hit, bytes, string);
      if (judged !== null) hits.push(judged);
    }
    if (hits.length > 0) strings.push({ string, hits, fileName: fileNameIn(view, string, hits) });
  }
  return strings;
}

function judgedWithin(hit: StringHit, bytes: Buffer, { payload, end }: MarshalString): StringHit | null {
  const before = whatStandsBefore(bytes, hit.start, hit.escaping, payload);
  const after = pathEndsAt(bytes, hit.end, hit.escaping, end);
  if (hit.searched === null && (before === 'continues' || after === 'continues')) return null;
  const ambiguous = before === 'ambiguous' || after === 'ambiguous';
  return ambiguous === hit.ambiguous ? hit : searchedHit(hit, hit.searched, ambiguous);
}

function fileNameIn(view: FileView, string: MarshalString, hits: readonly StringHit[]): FoundPath | null {
  const [hit] = hits;
  if (string.role !== 'filename' || hit === undefined || hits.length > 1) return null;
  if (hit.start !== string.payload || hit.escaping !== 'plain') return null;
  const found = pathAt(view, hit, string.end);
  return found.inTree === null || found.inTree === '' ? null : found;
}
