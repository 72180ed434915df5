/** Strings that PHP's serialize() wrote: `s:15:"/srv/build/site";`, their length in bytes in front. */

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
  return (start, end) => (ends[lastAtMost(opens, start)] ?? 0) >= end;
}

/** The index of the last of the sorted numbers that is not greater; -1 for none. */
function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
