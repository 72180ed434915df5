/** RL513: a virtual environment whose base Python is not in the tree. */
import { decodeBytes } from '../formats/byte-text.ts';
import { parsePyvenvCfg, type ConfigLine } from '../formats/pyvenv-cfg.ts';
import { baseName } from '../model/path.ts';
import { locate, textSite } from './claims.ts';
import type { FileRule } from './rule.ts';

const isPyvenvCfg = (path: string): boolean => baseName(path) === 'pyvenv.cfg';

export const rule: FileRule = {
  code: 'RL513',
  subject: 'file',
  summary: 'A virtual environment runs on a Python outside the tree.',
  appliesTo: ({ path }) => isPyvenvCfg(path),
  isInteresting: isPyvenvCfg,

  *claim(view, _hits, context) {
    const lines = parsePyvenvCfg(view.latin1());
    const home = lines.findLast(({ key }) => key === 'home');
    if (home === undefined || !home.value.startsWith('/')) return;
    const path = decodeBytes(Buffer.from(home.value, 'latin1'));
    if (locate(path, context.prefixes) !== null) return;
    yield {
      hit: null,
      site: textSite(view, home.start, home.end),
      path,
      prefix: null,
      scope: 'outside',
      applicability: 'safe',
      fix: 'none',
      note: `needs ${nameOf(lines)} at this place`,
    };
  },
};

/** `CPython 3.11.7`, as far as venv (`version`), virtualenv or uv (`version_info`, `implementation`) say. */
function nameOf(lines: readonly ConfigLine[]): string {
  const valueOf = (wanted: string): string => lines.find(({ key }) => key === wanted)?.value ?? '';
  const version = /^\d+(?:\.\d+)*/.exec(valueOf('version') || valueOf('version_info'))?.[0] ?? '';
  return [valueOf('implementation') || 'Python', version].filter((word) => word !== '').join(' ');
}
