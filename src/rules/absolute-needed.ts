/** RL404: a library named by the tree's path (NEEDED, SONAME, FILTER, AUDIT …), as linkers record it for libraries without a SONAME. */
import { TAG } from '../formats/elf-dynamic.ts';
import { isElf } from '../formats/elf.ts';
import { dynamicElfOf, dynamicStrings, hitsIn, type DynamicString } from './elf-file.ts';
import { originClaim } from './elf-string-claim.ts';
import { editOf, type StringEdit } from './elf-string-edits.ts';
import type { FileRule } from './rule.ts';

const NAMES: ReadonlySet<number> = new Set([
  TAG.needed,
  TAG.soname,
  TAG.auxiliary,
  TAG.filter,
  TAG.config,
  TAG.depAudit,
  TAG.audit,
]);

export const rule: FileRule = {
  code: 'RL404',
  summary: "A library that a program needs, named by the tree's path (NEEDED, SONAME, FILTER, AUDIT).",
  subject: 'file',
  appliesTo: ({ head }) => isElf(head),
  *claim(view, hits, context) {
    const file = dynamicElfOf(view);
    if (file === null) return;
    for (const string of dynamicStrings(file, NAMES))
      for (const hit of hitsIn(hits, string)) {
        const edit = isNeeded(string) ? editOf(string, file, view, context) : OTHER_NAME;
        yield originClaim(view, file, string, hit, edit, context);
      }
  },
};

const OTHER_NAME: StringEdit = { why: 'programs that were linked against it may say the same name' };

function isNeeded({ tags, text }: DynamicString): boolean {
  return tags.every(({ tag }) => tag === TAG.needed) && !text.includes(':');
}
