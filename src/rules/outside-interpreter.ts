/** RL513: a virtual environment whose base Python is not in the tree. */
import { decodeBytes } from '../formats/byte-text.ts';
import { parsePyvenvCfg, type ConfigLine } from '../formats/pyvenv-cfg.ts';
import { baseName, dirName } from '../model/path.ts';
import { locate, textSite } from './claims.ts';
import type { Claim, FileRule, RuleContext } from './rule.ts';

// asked of every file: nothing is cut out of a path that ends otherwise
const isPyvenvCfg = (path: string): boolean => path.endsWith('pyvenv.cfg') && baseName(path) === 'pyvenv.cfg';

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
      ...(isBundled(dirName(view.path), context) ? comesAlong(home, lines) : stays(lines)),
    };
  },
};

type Fate = Pick<Claim, 'fix' | 'note' | 'relative'>;

function stays(lines: readonly ConfigLine[]): Fate {
  return { fix: 'none', note: `needs ${nameOf(lines)} at this place` };
}

/** Without a value Python finds its base by the link it was started by: the link then leads into the tree. See RL501. */
function comesAlong({ start, end }: ConfigLine, lines: readonly ConfigLine[]): Fate {
  const splices = [{ start, end, text: '' }];
  return { fix: 'relative', relative: { kind: 'splices', splices }, note: `${nameOf(lines)} comes along` };
}

function isBundled(environment: string, { options }: RuleContext): boolean {
  return options.bundled.some(({ path }) => path === environment);
}

/** `CPython 3.11.7`, as far as venv (`version`), virtualenv or uv (`version_info`, `implementation`) say. */
function nameOf(lines: readonly ConfigLine[]): string {
  const valueOf = (wanted: string): string => lines.find(({ key }) => key === wanted)?.value ?? '';
  const version = /^\d+(?:\.\d+)*/.exec(valueOf('version') || valueOf('version_info'))?.[0] ?? '';
  return [valueOf('implementation') || 'Python', version].filter((word) => word !== '').join(' ');
}
