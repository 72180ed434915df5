/** Where an offset of a file is after edits. */
import type { Splice } from '../model/reference.ts';
import { encodedLength } from './byte-text.ts';

/** Maps offsets before some sorted splices to offsets after them. An offset where a splice starts stays in front of what it writes. */
export function offsetShift(splices: readonly Splice[]): (offset: number) => number {
  const starts: number[] = [];
  const totals: number[] = [0];
  for (const { start, end, text } of splices) {
    starts.push(start);
    totals.push((totals.at(-1) ?? 0) + encodedLength(text) - (end - start));
  }
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return offset + (totals[low] ?? 0);
  };
}
