/**
 * Lets strings of one `.dynstr` say something else, all in one go: each in its own room or where nobody reads; what is too long for that in a
 * longer table, which takes the edits of the others along. Pure.
 */
import type { Splice } from '../model/reference.ts';
import type { Dynamic } from './elf-dynamic.ts';
import { growStrings, type LongerString } from './elf-grow.ts';
import { replaceString, type Replaced } from './elf-replace.ts';
import { UnreadBytes } from './elf-strings.ts';
import type { Elf } from './elf.ts';

/** What a string shall say. */
export interface WantedString extends LongerString {
  /** Where it does not fit, the table may become longer for it. */
  readonly mayGrow: boolean;
}

export type PlannedString =
  /** Edits are shared with other strings where the table becomes longer: merge them. */
  | { readonly ok: true; readonly splices: readonly Splice[] }
  /** `grown`: why the table can't become longer, in words that go on behind "it can't grow: "; null where it was not to. */
  | (Extract<Replaced, { ok: false }> & { readonly grown: string | null });

/**
 * The edits of each string, in the order in which they came.
 * @throws MalformedElf, RangeError where the file's tables can't be what they say
 */
export function planStrings<Wanted extends WantedString>(
  elf: Elf,
  dynamic: Dynamic,
  strings: readonly Wanted[],
): { readonly string: Wanted; readonly planned: PlannedString }[] {
  let bytes: UnreadBytes | null = null;
  const unread = (): UnreadBytes => (bytes ??= new UnreadBytes(elf, dynamic));
  const replaced = strings.map((string) => ({
    string,
    inPlace: replaceString(elf, dynamic, string, string.value, unread),
  }));
  const tooLong = replaced.flatMap(({ string, inPlace }) => (string.mayGrow && !inPlace.ok ? [string] : []));
  const { start, size } = dynamic.strings;
  const isInTable = (splice: Splice): boolean => splice.start >= start && splice.end <= start + size;
  const inTable = replaced.flatMap(({ inPlace }) => (inPlace.ok ? inPlace.splices.filter(isInTable) : []));
  const grown = tooLong.length === 0 ? null : growStrings(elf, dynamic, tooLong, inTable);
  const plannedOf = ({ mayGrow }: Wanted, inPlace: Replaced): PlannedString => {
    if (!inPlace.ok && !mayGrow) return { ...inPlace, grown: null };
    if (grown?.ok !== true) return inPlace.ok ? inPlace : { ...inPlace, grown: grown?.why ?? null };
    const others = inPlace.ok ? inPlace.splices.filter((splice) => !isInTable(splice)) : [];
    return { ok: true, splices: [...grown.splices, ...others] };
  };
  return replaced.map(({ string, inPlace }) => ({ string, planned: plannedOf(string, inPlace) }));
}
