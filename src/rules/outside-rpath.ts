/** RL402: a search path for libraries (DT_RPATH, DT_RUNPATH) that names a folder outside of the tree. */
import { encodeBytes } from '../formats/byte-text.ts';
import { SEARCH_PATHS } from '../formats/elf-dynamic.ts';
import { ELF_START, isElf } from '../formats/elf.ts';
import { dynamicElfOf, dynamicStrings, type DynamicElf, type DynamicString } from './elf-file.ts';
import { editOf } from './elf-string-edits.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { isSystemFolder, searchEntries } from './search-path.ts';

export const rule: FileRule = {
  code: 'RL402',
  summary: 'A search path for libraries (RPATH, RUNPATH) that leads out of the tree.',
  subject: 'file',
  appliesTo: ({ head }) => isElf(head),
  isInteresting: (_, head) => isElf(head),
  interestingStarts: [ELF_START],
  *claim(view, _, context) {
    const file = dynamicElfOf(view);
    if (file === null) return;
    for (const string of dynamicStrings(file, SEARCH_PATHS)) yield* outsideEntries(view, file, string, context);
  },
};

function* outsideEntries(
  view: FileView,
  file: DynamicElf,
  string: DynamicString,
  context: RuleContext,
): Generator<Claim> {
  const outside = searchEntries(string.text, context).filter(
    ({ kind, text }) => kind === 'outside' && !isSystemFolder(text),
  );
  if (outside.length === 0) return;
  const drop = context.options.dropOutsideRpath ? editOf(string, file, view, context) : null;
  for (const { text } of outside) {
    const size = encodeBytes(text).length;
    const start = string.start + indexOfEntry(string.text, encodeBytes(text).toString('latin1'));
    const claim = {
      hit: null,
      site: { kind: 'slot', start, end: start + size, capacity: size },
      path: text,
      prefix: null,
      scope: 'outside',
      applicability: 'safe',
    } as const;
    if (drop !== null && 'splices' in drop)
      yield { ...claim, fix: 'relative', note: '', relative: { kind: 'splices', splices: drop.splices } };
    else yield { ...claim, fix: 'none', note: drop?.why ?? 'libraries are looked for there too' };
  }
}

/** Where an entry stands in the list. */
function indexOfEntry(list: string, entry: string): number {
  const at = `:${list}:`.indexOf(`:${entry}:`);
  return at < 0 ? 0 : at;
}
