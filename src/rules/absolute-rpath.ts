/** RL401: the tree's path in the search path of a program or library (DT_RPATH, DT_RUNPATH). `$ORIGIN` says where the file lies itself. */
import { TAG } from '../formats/elf-dynamic.ts';
import { growString } from '../formats/elf-grow.ts';
import { replaceString } from '../formats/elf-replace.ts';
import type { Hit } from '../formats/needles.ts';
import type { Splice } from '../model/reference.ts';
import {
  dynamicElfOf,
  dynamicStrings,
  hitsIn,
  isLoader,
  soundOr,
  type DynamicElf,
  type DynamicString,
} from './elf-file.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { relocated, searchEntries } from './search-path.ts';
import { isElf } from '../formats/elf.ts';
import { isWholeElement, stringClaim } from './elf-string-claim.ts';

/** Tags that hold a search path. */
export const SEARCH_PATHS: ReadonlySet<number> = new Set([TAG.rpath, TAG.runpath]);

export const rule: FileRule = {
  code: 'RL401',
  summary: "The tree's path in a program's search path for libraries (RPATH, RUNPATH).",
  subject: 'file',
  appliesTo: ({ head }) => isElf(head),
  *claim(view, hits, context) {
    const file = dynamicElfOf(view);
    if (file === null) return;
    for (const string of dynamicStrings(file, SEARCH_PATHS)) {
      const inside = hitsIn(hits, string);
      if (inside.length === 0) continue;
      const edit = searchPathEdit(file, string, view, context);
      for (const hit of inside)
        yield claim(view, file, string, hit, isWholeElement(string, hit, context) ? edit : NO_ENTRY);
    }
  },
};

/** What becomes of a search path: the edits, shared by all references in it, or why it stays absolute. */
export type SearchPathEdit = { readonly splices: readonly Splice[] } | { readonly why: string };

const NO_ENTRY: SearchPathEdit = { why: 'it is not an entry of its own' };

export function searchPathEdit(
  file: DynamicElf,
  string: DynamicString,
  view: FileView,
  context: RuleContext,
): SearchPathEdit {
  if (isLoader(view)) return { why: 'the dynamic linker and the C library are never edited' };
  if ((view.mode & 0o6000) !== 0) return { why: 'the dynamic linker takes no $ORIGIN in a setuid or setgid program' };
  const path = relocated(searchEntries(string.text, context), view, context);
  if (!path.ok) return { why: path.why };
  return soundOr((): SearchPathEdit => rewritten(file, string, path.value, context), {
    why: 'the tables of the file can not be what they say',
  });
}

function rewritten(
  { elf, dynamic }: DynamicElf,
  { start, end }: DynamicString,
  value: Buffer,
  context: RuleContext,
): SearchPathEdit {
  const from = dynamic.strings.start;
  const string = { start: start - from, end: end - from, tags: SEARCH_PATHS };
  const replaced = replaceString(elf, dynamic, string, value);
  if (replaced.ok) return { splices: replaced.splices };
  const need = `$ORIGIN takes ${value.length} bytes`;
  const why = {
    unknown: 'who reads its string table can not be told',
    shared: `${need}, and other strings share these`,
    'no-room': `${need}, and there is room for ${replaced.room}`,
  }[replaced.why];
  if (!context.options.grow) return { why: `${why}; --grow makes room` };
  const grown = growString(elf, dynamic, string, value);
  return grown.ok ? { splices: grown.splices } : { why: `${why}; it can not grow: ${grown.why}` };
}

function claim(view: FileView, file: DynamicElf, string: DynamicString, hit: Hit, edit: SearchPathEdit): Claim {
  const pinned = stringClaim(view, file, string, hit);
  if ('why' in edit) return { ...pinned, note: pinned.fix === 'blocked' ? pinned.note : edit.why };
  return {
    ...pinned,
    fix: 'relative',
    applicability: hit.ambiguous ? 'unsafe' : 'safe',
    note: '',
    relative: { kind: 'splices', splices: edit.splices },
  };
}
