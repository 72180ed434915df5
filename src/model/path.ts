/**
 * Paths. A file name on Linux is bytes, not text. Inside relocate every path is a string in which bytes that are not
 * valid UTF-8 stand as lone surrogates U+DC80..U+DCFF (PEP 383, "surrogateescape"), so that nothing is lost, strings
 * compare and print as people expect, and paths survive JSON. `formats/byte-text.ts` converts both ways.
 */
declare const treePath: unique symbol;
declare const absolutePath: unique symbol;

/** A path relative to the tree's root, `/` between names, no leading `/`, no `.` or `..`. The root itself is `''`. */
export type TreePath = string & { readonly [treePath]: true };

/** An absolute, normalised path: starts with `/`, no trailing `/`, no `//`, no `.` or `..` component. */
export type AbsolutePath = string & { readonly [absolutePath]: true };

/** Brands a string that is known to be tree-relative; the caller vouches for it. */
export function asTreePath(path: string): TreePath {
  return path as TreePath;
}

/** Brands a string that is known to be absolute and normalised; the caller vouches for it. */
export function asAbsolutePath(path: string): AbsolutePath {
  return path as AbsolutePath;
}

/**
 * Normalises an absolute path by its text alone (no file system): drops `//`, `.` and trailing `/`, resolves `..`.
 * Returns null for a path that is not absolute.
 * @example normalizeAbsolute('/srv//site/./x/../bin/') === '/srv/site/bin'
 */
export function normalizeAbsolute(path: string): AbsolutePath | null {
  if (!path.startsWith('/')) return null;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return asAbsolutePath('/' + parts.join('/'));
}

/** The last name of a path; `''` for the root. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The directory a tree path stands in; `''` for entries of the root. */
export function dirName(path: TreePath): TreePath {
  const slash = path.lastIndexOf('/');
  return asTreePath(slash < 0 ? '' : path.slice(0, slash));
}

/** Joins a tree path and names below it. `joinTree('', 'bin') === 'bin'`. */
export function joinTree(...parts: readonly string[]): TreePath {
  return asTreePath(parts.filter((part) => part !== '').join('/'));
}

/** Joins an absolute path and a tree path. `joinAbsolute('/srv/site', '') === '/srv/site'`. */
export function joinAbsolute(root: AbsolutePath, path: string): AbsolutePath {
  if (path === '') return root;
  return asAbsolutePath(root === '/' ? `/${path}` : `${root}/${path}`);
}

/** Whether `path` is `root` or lies below it, by whole components: `/srv/site2` is not inside `/srv/site`. */
export function isInside(path: string, root: string): boolean {
  return root === '/' ? path.startsWith('/') : path === root || path.startsWith(`${root}/`);
}

/** Whether a path of the tree lies below a folder of it. */
export function isWithin(path: TreePath, folder: TreePath): boolean {
  if (folder === '') return path !== '';
  return path.length > folder.length && path.charCodeAt(folder.length) === SLASH && path.startsWith(folder);
}

const SLASH = 0x2f;

/**
 * The relative path from a directory to a target, both tree-relative and normalised.
 * @example relativeTo('bin', 'lib/python') === '../lib/python'; relativeTo('bin', 'bin/x') === 'x'; relativeTo('a', 'a') === '.'
 */
export function relativeTo(fromDirectory: TreePath, target: TreePath): string {
  const from = fromDirectory === '' ? [] : fromDirectory.split('/');
  const to = target === '' ? [] : target.split('/');
  let shared = 0;
  while (shared < from.length && shared < to.length && from[shared] === to[shared]) shared++;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/') || '.';
}

/**
 * Resolves a relative path against a tree directory by its text. Returns null where it leaves the tree.
 * @example resolveInTree('bin', '../lib') === 'lib'; resolveInTree('bin', '../../x') === null
 */
export function resolveInTree(fromDirectory: TreePath, path: string): TreePath | null {
  // most paths have nothing to resolve, but that what follows a prefix begins with a slash
  const below = path.startsWith('/') ? path.slice(1) : path;
  if (!ODD_COMPONENT.test(below)) return asTreePath(fromDirectory === '' ? below : `${fromDirectory}/${below}`);
  const parts = fromDirectory === '' ? [] : fromDirectory.split('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return asTreePath(parts.join('/'));
}

/** A component that is empty, `.` or `..`. */
const ODD_COMPONENT = /(?:^|\/)\.{0,2}(?:\/|$)/;
