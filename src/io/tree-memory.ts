/** `.relocate/tree.json`: by which prefixes the tree was known when relocate last changed or installed it. */
import { asTreePath, normalizeAbsolute, resolveInTree, type AbsolutePath, type TreePath } from '../model/path.ts';
import { PLACEHOLDER, PLACEHOLDER_PREFIX } from '../model/plan.ts';
import { hostPath } from './entries.ts';
import { readSmallFile } from './small-file.ts';

/** Where the memory lies in a tree. */
export const TREE_MEMORY: TreePath = asTreePath('.relocate/tree.json');
/** Bytes: some thousand prefixes. A larger one is not read. */
export const LIMIT: number = 4 * 1024 * 1024;

export interface RememberedPrefix {
  readonly path: AbsolutePath;
  readonly base: TreePath;
}

export interface TreeMemory {
  readonly version: 1;
  readonly prefixes: readonly RememberedPrefix[];
  /** The short link by which fixed slots of the tree name it; null where there is none. It is among the prefixes too. */
  readonly via: AbsolutePath | null;
}

/** Reads the memory of the tree at `root`; null where there is none, or none that can be understood. */
export function readTreeMemory(root: AbsolutePath): TreeMemory | null {
  let known: unknown;
  try {
    known = JSON.parse(readSmallFile(hostPath(root, TREE_MEMORY), LIMIT).toString('utf8'));
  } catch {
    return null;
  }
  if (typeof known !== 'object' || known === null || !('prefixes' in known) || !Array.isArray(known.prefixes))
    return null;
  const prefixes = known.prefixes.flatMap((prefix: unknown) => {
    if (typeof prefix !== 'object' || prefix === null || !('path' in prefix) || typeof prefix.path !== 'string')
      return [];
    const path = prefix.path === PLACEHOLDER ? PLACEHOLDER_PREFIX : normalizeAbsolute(prefix.path);
    const base = 'base' in prefix && typeof prefix.base === 'string' ? prefix.base : '';
    // it comes with the tree, from anywhere
    const isInTree = resolveInTree(asTreePath(''), base) === base;
    return path === null || !isInTree ? [] : [{ path, base: asTreePath(base) }];
  });
  const via = 'via' in known && typeof known.via === 'string' ? normalizeAbsolute(known.via) : null;
  return { version: 1, prefixes, via };
}

/** The bytes to write for a memory. */
export function treeMemoryText(prefixes: readonly RememberedPrefix[], via: AbsolutePath | null): string {
  const known = { version: 1, prefixes: prefixes.map(({ path, base }) => ({ path, base })) };
  return `${JSON.stringify(via === null ? known : { ...known, via }, null, 2)}\n`;
}
