/** RL104: a first line longer than some kernels keep. They cut it, or run the script as a shell script. */
import { LONGEST_SHEBANG, PORTABLE_SHEBANG } from '../formats/shebang.ts';
import { claimOutside } from './outside-programs.ts';
import { polyglotForm } from './polyglot.ts';
import type { FileRule } from './rule.ts';
import { claimShebang, isScript, SCRIPT_START, shebangLength } from './shebang-claims.ts';

const LINE_FEED = 0x0a;

export const rule: FileRule = {
  code: 'RL104',
  subject: 'file',
  summary: 'A first line has more bytes than some kernels keep.',
  appliesTo: isScript,

  isInteresting: (_path, head) => isScript({ head }) && head.subarray(0, PORTABLE_SHEBANG + 1).indexOf(LINE_FEED) < 0,
  interestingStarts: [SCRIPT_START],

  *claim(view, hits, context) {
    const length = shebangLength(view);
    if (length === null || length <= PORTABLE_SHEBANG || !view.isText) return;
    if (hits.some((hit) => hit.end <= length)) return yield* claimShebang(view, hits, context, polyglotForm(view));
    // a line that leads out of the tree can't be shortened from here
    const cut = length > LONGEST_SHEBANG ? 'no Linux runs it as it is meant' : 'Linux before 5.1 cuts it';
    const claim = claimOutside(view, context, () => `the line has ${length} bytes: ${cut}`);
    if (claim !== null) yield claim;
  },
};
