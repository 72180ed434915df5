/**
 * The strings of data files in which a prefix stands. In such a file the bytes beside a string are numbers, marks or other strings, and may
 * look like bytes of a name: the search can't tell where a path begins and ends there, the format can.
 */
import { pathEndsAt, whatStandsBefore } from '../formats/boundary.ts';
import { encodeBytes } from '../formats/byte-text.ts';
import { markedStringEnd } from '../formats/marked-string.ts';
import type { Hit } from '../formats/needles.ts';
import { sqliteFrames, valueAround } from '../formats/sqlite-frames.ts';
import type { StructuredFormat } from '../formats/structured.ts';
import type { FileView, RuleContext } from './rule.ts';

/** A place where a prefix stands. `searched`: the hit of the search, null where the search could not see it. */
export interface DataHit extends Hit {
  readonly searched: Hit | null;
  /** Where the string ends in which it stands; null where the format does not tell. */
  readonly stringEnd: number | null;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** A mark and a length of eight bytes. */
const LONGEST_MARK = 9;

/** How much is searched at a time. */
const WINDOW = 1024 * 1024;

/** All places of prefixes in a data file, in their order. */
export function dataHits(
  view: FileView,
  format: StructuredFormat,
  hits: readonly Hit[],
  { prefixes }: RuleContext,
): DataHit[] {
  const rangeOf = stringsOf(view, format);
  const found = hits.map((hit): DataHit => ({ ...hit, searched: hit, stringEnd: rangeOf(hit)?.end ?? null }));
  const starts = new Set(hits.map(({ start }) => start));
  for (const prefix of prefixes) {
    const needle = encodeBytes(prefix.path);
    for (const start of occurrences(view, needle)) {
      const end = start + needle.length;
      const range = starts.has(start) ? null : rangeOf({ start, end });
      if (range === null || !standsAlone(view, range, start, end)) continue;
      starts.add(start);
      found.push({ start, end, prefix, escaping: 'plain', ambiguous: false, searched: null, stringEnd: range.end });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** How the strings of the format are told. */
function stringsOf(view: FileView, { data }: StructuredFormat): (found: Range) => Range | null {
  const read = (start: number, end: number): Buffer => view.region(start, end);
  const frames = data?.startsWith('sqlite') === true ? sqliteFrames(view.head) : null;
  if (frames !== null) return ({ start }) => valueAround(read, frames, start);
  return ({ start, end }) => {
    if (data === undefined) return null;
    const from = Math.max(0, start - LONGEST_MARK);
    const stop = markedStringEnd(view.region(from, end), start - from, data);
    return stop === null || from + stop < end ? null : { start, end: Math.min(from + stop, view.size) };
  };
}

function standsAlone(view: FileView, range: Range, start: number, end: number): boolean {
  const string = view.region(range.start, range.end);
  return (
    whatStandsBefore(string, start - range.start, 'plain') !== 'continues' &&
    pathEndsAt(string, end - range.start, 'plain') !== 'continues'
  );
}

function* occurrences(view: FileView, needle: Buffer): Generator<number> {
  for (let base = 0; base < view.size; base += WINDOW) {
    const window = view.region(base, base + WINDOW + needle.length - 1);
    for (let at = window.indexOf(needle); at >= 0; at = window.indexOf(needle, at + 1)) yield base + at;
  }
}
