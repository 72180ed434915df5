/** RL511: what a buildout remembers of itself: .installed.cfg, develop-eggs, and the files it generated in parts. */
import { asTreePath, baseName, dirName, joinTree, type TreePath } from '../model/path.ts';
import { pathAt, pinned } from './claims.ts';
import type { FileRule, RuleContext } from './rule.ts';
import { lineAt } from './text-lines.ts';

export const rule: FileRule = {
  code: 'RL511',
  subject: 'file',
  summary: 'A buildout remembers what it installed by absolute paths.',
  appliesTo: ({ path }) => isRecord(path) || isDevelopEgg(path) || partsOf(path) !== null,

  *claim(view, hits, context) {
    if (!view.isText || !isOfBuildout(view.path, context)) return;
    for (const hit of hits) {
      if (hit.escaping !== 'plain') continue;
      const line = lineAt(view.latin1(), hit.start);
      const end = isDevelopEgg(view.path) ? line.start + line.text.replace(/[ \t\r]+$/, '').length : undefined;
      yield pinned(view, hit, { found: pathAt(view, hit, end) });
    }
  },
};

function isRecord(path: TreePath): boolean {
  return baseName(path) === '.installed.cfg';
}

function isDevelopEgg(path: TreePath): boolean {
  return baseName(dirName(path)) === 'develop-eggs' && path.endsWith('.egg-link');
}

/** The folder whose `parts` a file lies in; null where there is no such name in its path. */
function partsOf(path: TreePath): TreePath | null {
  const found = /^(.*?)(?:^|\/)parts\//.exec(path);
  return found === null ? null : asTreePath(found[1] ?? '');
}

function isOfBuildout(path: TreePath, context: RuleContext): boolean {
  const root = partsOf(path);
  return root === null || isRecord(path) || context.typeOf(joinTree(root, '.installed.cfg')) === 'file';
}
