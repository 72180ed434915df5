/** Where an offset of a file is after edits. */
import type { Splice } from '../model/reference.ts';
import { encodedLength } from './byte-text.ts';
import { partitionPoint } from './partition-point.ts';

/** Maps offsets before some sorted splices to offsets after them. An offset where a splice starts stays in front of what it writes. */
export function offsetShift(splices: readonly Splice[]): (offset: number) => number {
  const starts: number[] = [];
  const totals: number[] = [0];
  for (const { start, end, text } of splices) {
    starts.push(start);
    totals.push((totals.at(-1) ?? 0) + encodedLength(text) - (end - start));
  }
  return (offset) => {
    const before = partitionPoint(starts.length, (index) => (starts[index] ?? 0) < offset);
    return offset + (totals[before] ?? 0);
  };
}
