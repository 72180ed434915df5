/** RL209: the paths by which git finds its parts: `.git` files, worktrees, alternates, `core.worktree`. */
import type { Hit } from '../formats/needles.ts';
import { baseName, dirName, joinTree, relativeTo, type TreePath } from '../model/path.ts';
import { pinned, relative } from './claims.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { lineAt } from './text-lines.ts';

export const rule: FileRule = {
  code: 'RL209',
  summary: "The tree's path in the links between a git repository, its worktrees and its submodules.",
  subject: 'file',
  appliesTo: ({ path, size }) => size < 1024 * 1024 && linkOf(path) !== null,
  *claim(view, hits, context) {
    const link = linkOf(view.path);
    if (link === null || !isGitFolder(link.folder, context)) return;
    for (const hit of hits) {
      const claim = link.kind === 'config' ? configClaim(view, hit, link.folder) : linkClaim(view, hit, link);
      if (claim !== null) yield claim;
    }
  },
};

type LinkKind = 'git-file' | 'worktree' | 'common' | 'alternates' | 'config';

interface GitLink {
  readonly kind: LinkKind;
  /** The folder that relative paths are taken from (gitrepository-layout(5), git-config(1)). */
  readonly folder: TreePath;
}

/** The links of git by their names in the tree; null for all other files. */
function linkOf(path: TreePath): GitLink | null {
  const folder = dirName(path);
  if (baseName(path) === '.git') return { kind: 'git-file', folder };
  if (/(^|\/)worktrees\/[^/]+\/gitdir$/.test(path)) return { kind: 'worktree', folder };
  if (/(^|\/)worktrees\/[^/]+\/commondir$/.test(path)) return { kind: 'common', folder };
  if (/(^|\/)objects\/info\/alternates$/.test(path)) return { kind: 'alternates', folder: dirName(folder) };
  if (/(^|\/)config(\.worktree)?$/.test(path)) return { kind: 'config', folder };
  return null;
}

/** A folder of git's own has a HEAD; alternates and `.git` files stand where no one else uses their names. */
function isGitFolder(folder: TreePath, context: RuleContext): boolean {
  return (
    baseName(folder) === 'objects' || context.typeOf(joinTree(folder, 'HEAD')) !== null || isGitFile(folder, context)
  );
}

function isGitFile(folder: TreePath, context: RuleContext): boolean {
  return context.typeOf(joinTree(folder, '.git')) === 'file';
}

function linkClaim(view: FileView, hit: Hit, { kind, folder }: GitLink): Claim | null {
  const line = lineAt(view.latin1(), hit.start);
  const before = line.text.slice(0, hit.start - line.start);
  if (hit.escaping !== 'plain' || before !== (kind === 'git-file' ? 'gitdir: ' : '')) return null;
  if (kind === 'worktree')
    return pinned(view, hit, {
      note: 'git before 2.48 takes no relative path here (`git worktree repair` writes it anew)',
    });
  return relative(view, hit, [{ start: hit.start, end: hit.end, text: relativeTo(folder, hit.prefix.base) }]);
}

/** `core.worktree` is relative to the git folder, `include.path` to the file; other paths of a config are not. */
function configClaim(view: FileView, hit: Hit, folder: TreePath): Claim | null {
  const text = view.latin1();
  const line = lineAt(text, hit.start);
  const key = /^[ \t]*([A-Za-z][\w-]*)[ \t]*=[ \t]*"?$/
    .exec(line.text.slice(0, hit.start - line.start))?.[1]
    ?.toLowerCase();
  const section = [...text.slice(0, line.start).matchAll(/^[ \t]*\[([A-Za-z][\w.-]*)/gm)].at(-1)?.[1]?.toLowerCase();
  const isRelative =
    (section === 'core' && key === 'worktree') ||
    ((section === 'include' || section === 'includeif') && key === 'path');
  if (hit.escaping !== 'plain' || !isRelative) return null;
  return relative(view, hit, [{ start: hit.start, end: hit.end, text: relativeTo(folder, hit.prefix.base) }]);
}
