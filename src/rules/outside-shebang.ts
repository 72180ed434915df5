/** RL103: a script that can be run, and that names an interpreter outside the tree. */
import { decodeBytes } from '../formats/byte-text.ts';
import { PORTABLE_SHEBANG } from '../formats/shebang.ts';
import { isInside } from '../model/path.ts';
import { textSite } from './claims.ts';
import { isHostProgram } from './host-programs.ts';
import type { FileRule } from './rule.ts';
import { isScript, readShebang, shebangLength } from './shebang-claims.ts';

const ANY_EXECUTE = 0o111;

export const rule: FileRule = {
  code: 'RL103',
  subject: 'file',
  summary: 'A script needs an interpreter that is not in the tree.',
  appliesTo: (view) => isScript(view) && (view.mode & ANY_EXECUTE) !== 0,

  isInteresting: (_path, head) => isScript({ head }) && !COMMON.test(head.toString('latin1', 0, 40)),

  *claim(view, _hits, context) {
    const length = shebangLength(view);
    if (length === null || (length > PORTABLE_SHEBANG && view.isText)) return;
    const word = readShebang(view, [])?.interpreter;
    const path = decodeBytes(Buffer.from(word?.text ?? '', 'latin1'));
    if (word === undefined || !path.startsWith('/') || isHostProgram(path)) return;
    if (context.prefixes.some((prefix) => isInside(path, prefix.path))) return;
    yield {
      hit: null,
      site: textSite(view, word.start, word.end),
      path,
      prefix: null,
      scope: 'outside',
      applicability: 'safe',
      fix: 'none',
      note: context.hostTypeOf(path) === null ? 'this host does not have it' : '',
    };
  },
};

/** First lines that need no look: `env` with a name to search for, or a shell of every host. */
const COMMON = /^#! ?(?:\/usr)?\/bin\/(?:(?:ba)?sh|env (?!-)[^\s/]+)\s/;
