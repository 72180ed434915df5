/** The user's globs: which paths a glob names. `*` stays within a name, `**` crosses folders, names with a dot count. */
import picomatch from 'picomatch';
import { UsageError } from '../model/errors.ts';
import type { TreePath } from '../model/path.ts';

/** Names the first glob that a path matches, null where none does. */
export type Selection = (path: TreePath) => string | null;

/**
 * Compiles globs, relative to the tree's root. A folder that matches stands for all that is in it: `var` leaves out the folder,
 * `var/**` what is in it and keeps the empty folder.
 * @throws UsageError for an absolute or empty glob
 */
export function selectPaths(globs: readonly string[]): Selection {
  const matchers = globs.map((glob) => ({ glob, matches: compile(glob) }));
  return (path) => matchers.find(({ matches }) => matches(path))?.glob ?? null;
}

function compile(glob: string): (path: string) => boolean {
  const pattern = glob.replace(/^\.\//, '').replace(/\/+$/, '');
  if (pattern === '') throw new UsageError(`an empty glob selects nothing: '${glob}'; write for example 'var/**'`);
  if (pattern.startsWith('/'))
    throw new UsageError(`the glob '${glob}' is absolute; globs are relative to the tree, for example 'var/**'`);
  const isMatch = picomatch(pattern, { dot: true });
  if (!pattern.endsWith('/**')) return (path) => isMatch(path);
  const isFolderItself = picomatch(pattern.slice(0, -3), { dot: true });
  return (path) => isMatch(path) && !isFolderItself(path);
}
