/**
 * What becomes of the strings of a dynamic section, worked out once for the whole file: search paths and needed libraries by `$ORIGIN`, each
 * in its own room; where one has to grow, the string table moves, and all edits of the file go together.
 */
import { TAG } from '../formats/elf-dynamic.ts';
import { growStrings, type LongerString } from '../formats/elf-grow.ts';
import { replaceString, type Replaced } from '../formats/elf-replace.ts';
import { UnreadBytes } from '../formats/elf-strings.ts';
import type { Splice } from '../model/reference.ts';
import { dynamicStrings, isLoader, isMusl, soundOr, type DynamicElf, type DynamicString } from './elf-file.ts';
import type { FileView, RuleContext } from './rule.ts';
import { relocated, searchEntries } from './search-path.ts';

/** Tags that hold a search path. */
export const SEARCH_PATHS: ReadonlySet<number> = new Set([TAG.rpath, TAG.runpath]);
export const NEEDED: ReadonlySet<number> = new Set([TAG.needed]);

/** The edits of a string, shared by all references in it; or why it stays absolute. */
export type StringEdit = { readonly splices: readonly Splice[] } | { readonly why: string };

const known = new WeakMap<FileView, ReadonlyMap<number, StringEdit>>();

/** The edit of the string that starts at this offset of the file. */
export function editOf(string: DynamicString, file: DynamicElf, view: FileView, context: RuleContext): StringEdit {
  const edits = known.get(view) ?? soundOr(() => stringEdits(file, view, context), new Map<number, StringEdit>());
  known.set(view, edits);
  return edits.get(string.start) ?? { why: 'the tables of the file can not be what they say' };
}

/** A string with the text that it shall have, or why it keeps its own. */
interface Wanted {
  readonly string: DynamicString;
  readonly tags: ReadonlySet<number>;
  readonly text: { readonly value: Buffer } | { readonly why: string };
}

function stringEdits(file: DynamicElf, view: FileView, context: RuleContext): ReadonlyMap<number, StringEdit> {
  const wanted: Wanted[] = [
    ...dynamicStrings(file, SEARCH_PATHS).map((string) => ({
      string,
      tags: SEARCH_PATHS,
      text: searchPathFor(string, view, context),
    })),
    ...dynamicStrings(file, NEEDED)
      .filter(({ text }) => text.startsWith('/'))
      .map((string) => ({ string, tags: NEEDED, text: neededFor(string, file, view, context) })),
  ];
  const edits = new Map<number, StringEdit>();
  const tooLong: (LongerString & { readonly at: number; readonly why: string })[] = [];
  const from = file.dynamic.strings.start;
  let bytes: UnreadBytes | null = null;
  const unread = (): UnreadBytes => (bytes ??= new UnreadBytes(file.elf, file.dynamic));
  for (const { string, tags, text } of wanted) {
    const replaceable = { start: string.start - from, end: string.end - from, tags };
    const replaced = 'why' in text ? null : replaceString(file.elf, file.dynamic, replaceable, text.value, unread);
    if ('why' in text) edits.set(string.start, text);
    else if (replaced?.ok === true) edits.set(string.start, { splices: replaced.splices });
    else if (replaced !== null) {
      const why = whyNot(replaced, tags, text.value.length);
      edits.set(string.start, { why });
      if (tags === SEARCH_PATHS) tooLong.push({ ...replaceable, value: text.value, at: string.start, why });
    }
  }
  if (tooLong.length > 0) growAll(file, tooLong, edits, context);
  return edits;
}

function whyNot({ why, room }: Extract<Replaced, { ok: false }>, tags: ReadonlySet<number>, size: number): string {
  // glibc looks a version up by the name of its library as it is written (dl-version.c), and finds none with $ORIGIN in it
  if (tags === NEEDED && why === 'shared') return 'the versions of its symbols are listed under this name';
  const need = `$ORIGIN takes ${size} bytes`;
  return {
    unknown: 'who reads its string table can not be told',
    shared: `${need}, and other strings share these`,
    'no-room': `${need}, and there is room for ${room}`,
  }[why];
}

/** Lets the table grow for all that has no room: one edit, which takes what is edited in place along. */
function growAll(
  { elf, dynamic }: DynamicElf,
  strings: readonly (LongerString & { readonly at: number; readonly why: string })[],
  edits: Map<number, StringEdit>,
  context: RuleContext,
): void {
  if (!context.options.grow) {
    for (const { at, why } of strings) edits.set(at, { why: `${why}; --grow makes room` });
    return;
  }
  const inPlace = [...edits].flatMap(([at, edit]) => ('splices' in edit ? [{ at, splices: edit.splices }] : []));
  const { start, size } = dynamic.strings;
  const inTable = inPlace.flatMap(({ splices }) =>
    splices.filter((splice) => splice.start >= start && splice.end <= start + size),
  );
  const grown = growStrings(elf, dynamic, strings, inTable);
  for (const { at, why } of strings)
    edits.set(at, grown.ok ? { splices: grown.splices } : { why: `${why}; it can not grow: ${grown.why}` });
  if (!grown.ok) return;
  for (const { at, splices } of inPlace) {
    const others = splices.filter((splice) => !inTable.includes(splice));
    edits.set(at, { splices: [...grown.splices, ...others] });
  }
}

function searchPathFor(string: DynamicString, view: FileView, context: RuleContext): Wanted['text'] {
  if (isLoader(view)) return { why: 'the dynamic linker and the C library are never edited' };
  if ((view.mode & 0o6000) !== 0) return { why: 'the dynamic linker takes no $ORIGIN in a setuid or setgid program' };
  const path = relocated(searchEntries(string.text, context), view, context);
  return path.ok ? { value: path.value } : { why: path.why };
}

function neededFor(string: DynamicString, file: DynamicElf, view: FileView, context: RuleContext): Wanted['text'] {
  const path = searchPathFor(string, view, context);
  if ('why' in path) return path;
  if (isMusl(view, file)) return { why: 'musl takes no $ORIGIN in the name of a library' };
  return path.value.includes(':') ? { why: 'it is opened in several folders, and one path does not serve all' } : path;
}
