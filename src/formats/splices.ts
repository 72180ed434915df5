/** Carries out splices: from the bytes of a file to its new bytes. Pure; on a whole buffer, or on chunks of a file of any size. */
import type { Splice } from '../model/reference.ts';
import { encodedLength, encodeBytes } from './byte-text.ts';

/**
 * Puts splices of several sources in the order in which they are carried out; those that are the same in all three fields count once.
 * @throws RangeError where two of them overlap or insert at the same offset, or one is no range
 */
export function mergeSplices(...sources: readonly (readonly Splice[])[]): Splice[] {
  const sorted = sources.flat().sort((a, b) => a.start - b.start || a.end - b.end);
  const merged: Splice[] = [];
  for (const splice of sorted) {
    const last = merged.at(-1);
    if (
      !Number.isSafeInteger(splice.start) ||
      !Number.isSafeInteger(splice.end) ||
      splice.start < 0 ||
      splice.end < splice.start
    )
      throw new RangeError(`an edit is no range of bytes: ${shown(splice)}`);
    if (last !== undefined && isSame(last, splice)) continue;
    if (last !== undefined && (splice.start < last.end || (splice.start === last.start && splice.end === last.end)))
      throw new RangeError(`two edits overlap: ${shown(last)} and ${shown(splice)}`);
    merged.push(splice);
  }
  return merged;
}

/** How many bytes a file of `size` bytes has after the splices. */
export function splicedSize(size: number, splices: readonly Splice[]): number {
  return splices.reduce((sum, splice) => sum + encodedLength(splice.text) - (splice.end - splice.start), size);
}

/**
 * The new bytes of a file held whole; the same buffer where nothing changes.
 * @throws RangeError where the splices do not fit the bytes or each other
 */
export function applySplices(bytes: Buffer, splices: readonly Splice[]): Buffer {
  const [first, ...rest] = spliceChunks([bytes], mergeSplices(splices));
  return first !== undefined && rest.length === 0
    ? first
    : Buffer.concat(first === undefined ? rest : [first, ...rest]);
}

/**
 * Puts the new bytes of a file held whole into a buffer with room for them; the splices are in order. Returns where they end.
 * @throws RangeError where the file ends before the last splice does
 */
export function putSplices(bytes: Buffer, splices: readonly Splice[], target: Buffer, start: number): number {
  if ((splices.at(-1)?.end ?? 0) > bytes.length) throw beyond(bytes.length);
  let at = start;
  let from = 0; // the first byte that has been neither put nor replaced
  for (const splice of splices) {
    at += bytes.copy(target, at, from, splice.start);
    at += encodeBytes(splice.text).copy(target, at);
    from = splice.end;
  }
  return at + bytes.copy(target, at, from);
}

/**
 * The new bytes of a file that comes in chunks, by splices that `mergeSplices` put in order: at most one chunk out for each chunk in, and one at the end. A chunk without an edit
 * is passed on as it is, so what comes out is valid only as long as what went in.
 * @throws RangeError where the file ends before the last splice does
 */
export function* spliceChunks(chunks: Iterable<Buffer>, splices: readonly Splice[]): Generator<Buffer, void, void> {
  let base = 0; // the offset of the chunk's first byte
  let next = 0; // the first splice that has not been written
  let from = 0; // the first byte that has been neither passed on nor replaced; never before `base`
  for (const chunk of chunks) {
    const limit = base + chunk.length;
    const pieces: Buffer[] = [];
    for (let splice = splices[next]; splice !== undefined && splice.start < limit; splice = splices[++next]) {
      if (splice.start > from) pieces.push(chunk.subarray(from - base, splice.start - base));
      pieces.push(encodeBytes(splice.text));
      from = splice.end;
    }
    if (from < limit) {
      pieces.push(chunk.subarray(from - base));
      from = limit;
    }
    base = limit;
    yield* joined(pieces);
  }
  const last = splices.slice(next);
  if (from > base || last.some((splice) => splice.end > base)) throw beyond(base);
  yield* joined(last.map((splice) => encodeBytes(splice.text)));
}

function* joined(pieces: Buffer[]): Generator<Buffer, void, void> {
  const whole = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  if (whole !== undefined && whole.length > 0) yield whole;
}

function beyond(end: number): RangeError {
  return new RangeError(`the file ends at ${end}, before its last edit`);
}

function isSame(left: Splice, right: Splice): boolean {
  return left.start === right.start && left.end === right.end && left.text === right.text;
}

function shown({ start, end }: Splice): string {
  return `[${start}, ${end})`;
}
