/** RL104: a first line longer than some kernels keep. They cut it, or run the script as a shell script. */
import { LONGEST_SHEBANG, PORTABLE_SHEBANG } from '../formats/shebang.ts';
import { decodeBytes } from '../formats/byte-text.ts';
import { locate, textSite } from './claims.ts';
import { isHostProgram } from './host-programs.ts';
import { polyglot } from './polyglot.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { claimShebang, isScript, readShebang, shebangLength } from './shebang-claims.ts';

export const rule: FileRule = {
  code: 'RL104',
  subject: 'file',
  summary: 'A first line has more bytes than some kernels keep.',
  appliesTo: isScript,

  isInteresting: (_path, head) => isScript({ head }) && head.subarray(0, PORTABLE_SHEBANG + 1).indexOf(LINE_FEED) < 0,

  *claim(view, hits, context) {
    const length = shebangLength(view);
    if (length === null || length <= PORTABLE_SHEBANG || !view.isText) return;
    if (hits.some((hit) => hit.end <= length))
      yield* claimShebang(view, hits, context, {
        longForm: (shebang, words) => polyglot(view.latin1(), shebang, words),
      });
    else yield* reportOutside(view, length, context);
  },
};

const LINE_FEED = 0x0a;

/** A long line that leads out of the tree can't be shortened from here. */
function* reportOutside(view: FileView, length: number, context: RuleContext): Iterable<Claim> {
  const word = readShebang(view, [])?.interpreter;
  const path = decodeBytes(Buffer.from(word?.text ?? '', 'latin1'));
  if (word === undefined || !path.startsWith('/') || isHostProgram(path) || locate(path, context.prefixes) !== null)
    return;
  const cut = length > LONGEST_SHEBANG ? 'no Linux runs it as it is meant' : 'Linux before 5.1 cuts it';
  yield {
    hit: null,
    site: textSite(view, word.start, word.end),
    path,
    prefix: null,
    scope: 'outside',
    applicability: 'manual',
    fix: 'none',
    note: `the line has ${length} bytes: ${cut}`,
  };
}
