/** RL501: paths of the tree in a virtual environment's pyvenv.cfg. */
import type { Hit } from '../formats/needles.ts';
import { parsePyvenvCfg, type ConfigLine } from '../formats/pyvenv-cfg.ts';
import { baseName, dirName, joinTree, relativeTo, type TreePath } from '../model/path.ts';
import { pathAt, pinned, relative, type FoundPath } from './claims.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { followInTree } from './tree-links.ts';

/** Keys whose whole value is one path that nothing reads: written for people by venv and virtualenv. */
const RECORDS = new Set(['executable', 'base-executable', 'base-prefix', 'base-exec-prefix']);

export const rule: FileRule = {
  code: 'RL501',
  subject: 'file',
  summary: 'A virtual environment names its base Python, or itself, by an absolute path.',
  appliesTo: ({ path }) => baseName(path) === 'pyvenv.cfg',

  *claim(view, hits, context) {
    const lines = parsePyvenvCfg(view.latin1());
    for (const hit of hits) {
      const line = lines.find(({ start, end }) => hit.start >= start && hit.end <= end);
      if (line !== undefined) yield lineClaim(view, hit, hits, line, context);
    }
  },
};

function lineClaim(view: FileView, hit: Hit, hits: readonly Hit[], line: ConfigLine, context: RuleContext): Claim {
  const isWhole = hit.start === line.start;
  if (line.key === 'home' && isWhole) return homeClaim(view, hit, line, context);
  if (RECORDS.has(line.key) && isWhole) return recordClaim(view, hit, pathAt(view, hit, line.end));
  if (line.key === 'command') return recordClaim(view, hit, pathAt(view, hit, endInCommand(hit, hits, line)));
  return pinned(view, hit);
}

/** `PYTHON -m venv OPTIONS FOLDER`, unquoted: the first path ends before ` -m `, the last with the line. */
function endInCommand(hit: Hit, hits: readonly Hit[], { value, start, end }: ConfigLine): number | undefined {
  const module = start + value.search(/ -m (?:venv|virtualenv) /);
  if (hit.start === start && module > hit.end) return module;
  const isLast = !hits.some((other) => other.start > hit.start && other.end <= end);
  return module >= start && isLast ? end : undefined;
}

/** Nothing reads it, so it may be relative to the folder of pyvenv.cfg. */
function recordClaim(view: FileView, hit: Hit, found: FoundPath): Claim {
  if (found.inTree === null) return pinned(view, hit, { found });
  const text = relativeTo(dirName(view.path), found.inTree);
  return relative(view, hit, [{ start: hit.start, end: found.end, text }], { found });
}

/**
 * `home` without a value: Python then finds its base by resolving the symlink it was started by (tried on 3.7 to 3.13). The line itself
 * must stay: from 3.14 on it is what makes the folder a virtual environment.
 */
function homeClaim(view: FileView, hit: Hit, line: ConfigLine, context: RuleContext): Claim {
  const found = pathAt(view, hit, line.end);
  const obstacle =
    found.inTree === null
      ? 'it leaves the tree'
      : whyNeeded(joinTree(dirName(view.path), 'bin'), found.inTree, view, context);
  if (obstacle !== null) return pinned(view, hit, { found, note: obstacle });
  return relative(view, hit, [{ start: line.start, end: line.end, text: '' }], { found });
}

/** Why Python needs `home` to find its base; null where the symlinks in `bin` lead there by themselves. */
function whyNeeded(bin: TreePath, home: TreePath, view: FileView, context: RuleContext): string | null {
  const implementation = parsePyvenvCfg(view.latin1()).find(({ key }) => key === 'implementation')?.value ?? 'CPython';
  if (implementation !== 'CPython') return `${implementation} does not find its base by its symlink`;
  const interpreters = context.namesIn(bin).filter((name) => /^python(?:\d+(?:\.\d+)?t?)?$/.test(name));
  if (interpreters.length === 0) return 'no python stands in bin/';
  const base = followInTree(home, context);
  for (const name of interpreters) {
    const path = joinTree(bin, name);
    if (context.typeOf(path) !== 'symlink') return `bin/${name} is a copy, which finds its base by this line alone`;
    const real = followInTree(path, context);
    if (real === null || base === null || dirName(real) !== base || context.typeOf(real) !== 'file')
      return `bin/${name} does not lead to a Python in this folder`;
  }
  return null;
}
