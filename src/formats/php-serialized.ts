/** Strings that PHP's serialize() wrote: `s:15:"/srv/build/site";`, their length in bytes in front. */
import { partitionPoint } from './partition-point.ts';

/** The quotes may be escaped themselves, in a dump or in JSON. */
const STRING = /\bs:(\d{1,9}):\\{0,3}"/;
const ALL_STRINGS = new RegExp(STRING, 'g');

/** Makes the judge of one text (latin1): whether [start, end) stands in such a string. Escapes within make it longer than it says. */
export function serializedStrings(text: string): (start: number, end: number) => boolean {
  if (!STRING.test(text)) return () => false;
  const opens: number[] = [];
  /** The furthest end of all strings up to this one: they may hold one another. */
  const ends: number[] = [];
  for (const found of text.matchAll(ALL_STRINGS)) {
    const open = found.index + found[0].length;
    const close = open + Number(found[1]);
    opens.push(open);
    // what ends behind the text is none
    ends.push(Math.max(ends.at(-1) ?? 0, close > text.length ? 0 : close));
  }
  return (start, end) => {
    const opened = partitionPoint(opens.length, (index) => (opens[index] ?? 0) <= start);
    return (ends[opened - 1] ?? 0) >= end;
  };
}
