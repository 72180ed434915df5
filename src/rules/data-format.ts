/** Which format of data a file has: by its first bytes, or, where it begins with no mark, by reading it to its end. */
import { LAYOUTS } from '../formats/marshal-layouts.ts';
import { mayBeMarshal, readMarshal } from '../formats/marshal.ts';
import type { Hit } from '../formats/needles.ts';
import { isPickle } from '../formats/pickle.ts';
import { MARSHAL, PICKLE, structuredFormat, type DataFormat, type StructuredFormat } from '../formats/structured.ts';
import type { TreePath } from '../model/path.ts';
import type { FileView } from './rule.ts';

/** The format of a file in which these hits were found; null for one that is not the data of a program. */
export function dataFormat(view: FileView, hits: readonly Hit[]): StructuredFormat | null {
  const known = structuredFormat(view.head);
  if (known !== null) return known.data === undefined ? null : known;
  return unmarkedFormat(view, hits);
}

/** Whether a file has a format whose strings the search may not see, by its first bytes. */
export function mayHideStrings(_path: TreePath, head: Buffer): boolean {
  const data = structuredFormat(head)?.data;
  return data !== undefined && HIDING.has(data);
}

const HIDING: ReadonlySet<DataFormat> = new Set<DataFormat>([
  'sqlite',
  'sqlite-log',
  'sqlite-journal',
  'zodb',
  'pickle',
  'plist',
  'java',
]);
/** `SQLite`, its log and its journal, `FS21`, PROTO of pickle, `bplist`, STREAM_MAGIC of Java. */
export const HIDING_STARTS: readonly number[] = [0x53, 0x37, 0xd9, 0x46, 0x80, 0x62, 0xac];

/** Pickles of the first protocols, and marshalled objects; null for anything else, or what is too large to hold. */
function unmarkedFormat({ path, bytes }: FileView, hits: readonly Hit[]): StructuredFormat | null {
  // byte code has rules of its own
  if (bytes === null || hits.length === 0 || /\.py[co]$/.test(path)) return null;
  if (isPickle(bytes)) return PICKLE;
  return mayBeMarshal(bytes) && isMarshal(bytes, hits) ? MARSHAL : null;
}

/** Whether marshalled objects fill the file, and each hit stands in one of their strings. */
function isMarshal(bytes: Buffer, hits: readonly Hit[]): boolean {
  const places = hits.map(({ start }) => start);
  return Object.values(LAYOUTS).some((layout) => {
    let found = 0;
    let at = 0;
    while (at < bytes.length) {
      const read = readMarshal(bytes, at, layout, places);
      if (!read.ok) return false;
      for (const { payload, end } of read.strings)
        found += hits.filter((hit) => hit.start >= payload && hit.end <= end).length;
      at = read.end;
    }
    return found === hits.length;
  });
}
