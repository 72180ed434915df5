/** What becomes of the strings of a dynamic section, worked out once for the whole file: search paths and needed libraries by `$ORIGIN`. */
import { SEARCH_PATHS, TAG } from '../formats/elf-dynamic.ts';
import { planStrings, type PlannedString, type WantedString } from '../formats/elf-string-plan.ts';
import type { Splice } from '../model/reference.ts';
import { dynamicStrings, isLoader, isMusl, soundOr, type DynamicElf, type DynamicString } from './elf-file.ts';
import type { FileView, RuleContext } from './rule.ts';
import { relocated, searchEntries } from './search-path.ts';

const NEEDED: ReadonlySet<number> = new Set([TAG.needed]);

/** The edits of a string, shared by all references in it; or why it stays absolute. */
export type StringEdit = { readonly splices: readonly Splice[] } | { readonly why: string };

const known = new WeakMap<FileView, ReadonlyMap<number, StringEdit>>();

/** The edit of the string that starts at this offset of the file. */
export function editOf(string: DynamicString, file: DynamicElf, view: FileView, context: RuleContext): StringEdit {
  const edits = known.get(view) ?? soundOr(() => stringEdits(file, view, context), new Map<number, StringEdit>());
  known.set(view, edits);
  return edits.get(string.start) ?? { why: 'the tables of the file can not be what they say' };
}

/** What a string shall say, or why it stays as it is. */
type Text = { readonly value: Buffer } | { readonly why: string };

function stringEdits(file: DynamicElf, view: FileView, context: RuleContext): ReadonlyMap<number, StringEdit> {
  const { elf, dynamic } = file;
  const from = dynamic.strings.start;
  const edits = new Map<number, StringEdit>();
  const wanted: WantedString[] = [];
  const want = (string: DynamicString, tags: ReadonlySet<number>, text: Text): void => {
    const mayGrow = context.options.grow && tags === SEARCH_PATHS;
    if ('why' in text) edits.set(string.start, text);
    else wanted.push({ start: string.start - from, end: string.end - from, tags, value: text.value, mayGrow });
  };
  for (const string of dynamicStrings(file, SEARCH_PATHS))
    want(string, SEARCH_PATHS, searchPathFor(string, view, context));
  const absolute = dynamicStrings(file, NEEDED).filter(({ text }) => text.startsWith('/'));
  const isForMusl = absolute.length > 0 && isMusl(view, file);
  for (const string of absolute) want(string, NEEDED, neededFor(string, isForMusl, view, context));
  for (const { string, planned } of planStrings(elf, dynamic, wanted))
    edits.set(string.start + from, planned.ok ? planned : { why: whyNot(string, planned) });
  return edits;
}

function whyNot({ tags, value }: WantedString, { why, room, grown }: Extract<PlannedString, { ok: false }>): string {
  // glibc looks a version up by the name of its library as it is written (dl-version.c), and finds none with $ORIGIN in it
  if (tags === NEEDED && why === 'shared') return 'the versions of its symbols are listed under this name';
  const need = `$ORIGIN takes ${value.length} bytes`;
  const reason = {
    unknown: 'who reads its string table can not be told',
    shared: `${need}, and other strings share these`,
    'no-room': `${need}, and there is room for ${room}`,
  }[why];
  if (tags === NEEDED) return reason;
  return grown === null ? `${reason}; --grow makes room` : `${reason}; it can not grow: ${grown}`;
}

function searchPathFor(string: DynamicString, view: FileView, context: RuleContext): Text {
  if (isLoader(view)) return { why: 'the dynamic linker and the C library are never edited' };
  if ((view.mode & 0o6000) !== 0) return { why: 'the dynamic linker takes no $ORIGIN in a setuid or setgid program' };
  const path = relocated(searchEntries(string.text, context), view, context);
  return path.ok ? { value: path.value } : { why: path.why };
}

function neededFor(string: DynamicString, isForMusl: boolean, view: FileView, context: RuleContext): Text {
  const path = searchPathFor(string, view, context);
  if ('why' in path) return path;
  if (isForMusl) return { why: 'musl takes no $ORIGIN in the name of a library' };
  return path.value.includes(':') ? { why: 'it is opened in several folders, and one path does not serve all' } : path;
}
