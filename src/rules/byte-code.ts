/** What the two rules about byte code share: the string objects of a .pyc that hold a prefix, with the prefixes in them. */
import { pathEndsAt, whatStandsBefore } from '../formats/boundary.ts';
import { encodeBytes } from '../formats/byte-text.ts';
import type { MarshalString } from '../formats/marshal.ts';
import type { Hit } from '../formats/needles.ts';
import { pycHeader, readPyc, type PycHeader } from '../formats/pyc.ts';
import { baseName, dirName, joinTree, type TreePath } from '../model/path.ts';
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
  return /\.py[co]$/.test(path) && pycHeader(head) !== null;
}

/** The source next to the folder of byte code, or next to it; null where the tree has none. */
export function sourceOf(path: TreePath, context: RuleContext): TreePath | null {
  const folder = dirName(path);
  const isCached = baseName(folder) === '__pycache__';
  const name = isCached ? baseName(path).split('.')[0] : baseName(path).replace(/\.py[co]$/, '');
  const source = joinTree(isCached ? dirName(folder) : folder, `${name ?? ''}.py`);
  return context.resolvedTypeOf(source) === 'file' ? source : null;
}

const known = new WeakMap<FileView, ByteCode | null>();

/** Reads byte code once for all rules. Null where it can't be read: the generic rules take its hits. */
export function readByteCode(view: FileView, hits: readonly Hit[], context: RuleContext): ByteCode | null {
  const found = known.get(view);
  if (found !== undefined) return found;
  const byteCode = findStrings(view, hits, context);
  known.set(view, byteCode);
  return byteCode;
}

function findStrings(view: FileView, hits: readonly Hit[], context: RuleContext): ByteCode | null {
  const header = pycHeader(view.head);
  const { bytes } = view;
  if (header === null || bytes === null) return null;
  const places = allPlaces(bytes, hits, context);
  if (places.length === 0) return null;
  let next = 0;
  const marshal = readPyc(bytes, header, (from, to) => {
    while ((places[next]?.start ?? Infinity) < from) next++;
    return (places[next]?.start ?? Infinity) < to;
  });
  return marshal.ok ? { header, strings: withHits(view, marshal.strings, places, bytes) } : null;
}

/**
 * The hits of the search, and where a prefix stands without regard to boundaries, sorted. In marshal the byte before a string is its
 * length and the one behind it the type of the next object, which may look like bytes of a name: the search can't tell, the string can.
 */
function allPlaces(bytes: Buffer, hits: readonly Hit[], context: RuleContext): StringHit[] {
  const places: StringHit[] = hits.map((hit) => ({ ...hit, searched: hit }));
  const known = new Set(hits.map(({ start }) => start));
  // which bytes belong to a place; made when there is a place that the search did not see
  let taken: Uint8Array | null = null;
  const longestFirst = [...context.prefixes].sort((a, b) => b.path.length - a.path.length);
  for (const prefix of longestFirst) {
    const needle = encodeBytes(prefix.path);
    for (let start = bytes.indexOf(needle); start >= 0; start = bytes.indexOf(needle, start + 1)) {
      const end = start + needle.length;
      if (known.has(start)) continue;
      taken ??= bytesOf(hits, bytes.length);
      if (taken.subarray(start, end).includes(1)) continue;
      taken.fill(1, start, end);
      places.push({ start, end, prefix, escaping: 'plain', ambiguous: false, searched: null });
    }
  }
  return places.sort((a, b) => a.start - b.start);
}

function bytesOf(hits: readonly Hit[], length: number): Uint8Array {
  const taken = new Uint8Array(length);
  for (const { start, end } of hits) taken.fill(1, start, end);
  return taken;
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
      const judged = judgedWithin(hit, bytes.subarray(string.payload, string.end), string.payload);
      if (judged !== null) hits.push(judged);
    }
    if (hits.length > 0) strings.push({ string, hits, fileName: fileNameIn(view, string, hits) });
  }
  return strings;
}

function judgedWithin(hit: StringHit, payload: Buffer, offset: number): StringHit | null {
  const before = whatStandsBefore(payload, hit.start - offset, hit.escaping);
  const after = pathEndsAt(payload, hit.end - offset, hit.escaping);
  if (hit.searched === null && (before === 'continues' || after === 'continues')) return null;
  return { ...hit, ambiguous: before === 'ambiguous' || after === 'ambiguous' };
}

function fileNameIn(view: FileView, string: MarshalString, hits: readonly StringHit[]): FoundPath | null {
  const [hit] = hits;
  if (string.role !== 'filename' || hit === undefined || hits.length > 1) return null;
  if (hit.start !== string.payload || hit.escaping !== 'plain') return null;
  const found = pathAt(view, hit, string.end);
  return found.inTree === null || found.inTree === '' ? null : found;
}
