/** RL401: the tree's path in the search path of a program or library (DT_RPATH, DT_RUNPATH). `$ORIGIN` says where the file lies itself. */
import { SEARCH_PATHS } from '../formats/elf-dynamic.ts';
import { isElf } from '../formats/elf.ts';
import { dynamicElfOf, dynamicStrings, hitsIn } from './elf-file.ts';
import { originClaim } from './elf-string-claim.ts';
import { editOf } from './elf-string-edits.ts';
import type { FileRule } from './rule.ts';

export const rule: FileRule = {
  code: 'RL401',
  summary: "The tree's path in a program's search path for libraries (RPATH, RUNPATH).",
  subject: 'file',
  appliesTo: ({ head }) => isElf(head),
  *claim(view, hits, context) {
    const file = dynamicElfOf(view);
    if (file === null) return;
    for (const string of dynamicStrings(file, SEARCH_PATHS))
      for (const hit of hitsIn(hits, string))
        yield originClaim(view, file, string, hit, editOf(string, file, view, context), context);
  },
};
