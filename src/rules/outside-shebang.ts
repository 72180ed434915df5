/** RL103: a script that can be run, and that names an interpreter outside the tree. */
import { PORTABLE_SHEBANG } from '../formats/shebang.ts';
import { claimOutside } from './outside-programs.ts';
import type { FileRule } from './rule.ts';
import { isScript, SCRIPT_START, shebangLength } from './shebang-claims.ts';

const ANY_EXECUTE = 0o111;

export const rule: FileRule = {
  code: 'RL103',
  subject: 'file',
  summary: 'A script needs an interpreter that is not in the tree.',
  appliesTo: (view) => isScript(view) && (view.mode & ANY_EXECUTE) !== 0,

  isInteresting: (_path, head) => isScript({ head }) && !COMMON.test(head.toString('latin1', 0, 40)),
  interestingStarts: [SCRIPT_START],

  *claim(view, _hits, context) {
    const length = shebangLength(view);
    // a longer line of text is RL104's
    if (length === null || (length > PORTABLE_SHEBANG && view.isText)) return;
    const claim = claimOutside(view, context, (path) =>
      context.hostTypeOf(path) === null ? 'this host does not have it' : '',
    );
    if (claim !== null) yield claim;
  },
};

/** First lines that need no look: `env` with a name to search for, or a shell of every host. */
const COMMON = /^#! ?(?:\/usr)?\/bin\/(?:(?:ba)?sh|env (?!-)[^\s/]+)\s/;
