/** Data formats that begin with no mark of their own: told by reading them to their end. */
import { LAYOUTS } from '../formats/marshal-layouts.ts';
import { readMarshal } from '../formats/marshal.ts';
import type { Hit } from '../formats/needles.ts';
import { isPickle } from '../formats/pickle.ts';
import { MARSHAL, PICKLE, type StructuredFormat } from '../formats/structured.ts';
import type { FileView } from './rule.ts';

/** The format of a file in which these hits were found; null where it is none of these, or too large to hold. */
export function unmarkedFormat({ path, bytes }: FileView, hits: readonly Hit[]): StructuredFormat | null {
  // byte code has rules of its own
  if (bytes === null || hits.length === 0 || /\.py[co]$/.test(path)) return null;
  if (isPickle(bytes)) return PICKLE;
  return isMarshal(bytes, hits) ? MARSHAL : null;
}

/** Whether marshalled objects fill the file, and each hit stands in one of their strings. */
function isMarshal(bytes: Buffer, hits: readonly Hit[]): boolean {
  const isWanted = (from: number, to: number): boolean => hits.some(({ start, end }) => start >= from && end <= to);
  return Object.values(LAYOUTS).some((layout) => {
    let found = 0;
    let at = 0;
    while (at < bytes.length) {
      const read = readMarshal(bytes, at, layout, isWanted);
      if (!read.ok) return false;
      for (const { payload, end } of read.strings)
        found += hits.filter((hit) => hit.start >= payload && hit.end <= end).length;
      at = read.end;
    }
    return found === hits.length;
  });
}
