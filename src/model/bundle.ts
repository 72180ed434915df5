/** Pythons that come along with a tree: the bases of its virtual environments, made ready in a folder outside of it. Plain JSON. */
import { asTreePath, isInside, type AbsolutePath, type TreePath } from './path.ts';
import type { Prefix } from './prefix.ts';

/** Where bundled Pythons stand in a tree, each in a folder of its own: `.python/3.11.7`. */
export const BUNDLE_FOLDER: TreePath = asTreePath('.python');

/** What may be left out of a bundled Python. */
export type BundlePart = 'tests' | 'caches' | 'gui';

export const BUNDLE_PARTS: readonly BundlePart[] = ['tests', 'caches', 'gui'];

/** A symlink of an environment that leads to its base, and the program in the tree to which it leads from then on. */
export interface BundledLink {
  readonly path: TreePath;
  readonly to: TreePath;
}

/** An environment whose base comes along. */
export interface BundledEnvironment {
  /** The folder of pyvenv.cfg; the root itself is `''`. */
  readonly path: TreePath;
  readonly links: readonly BundledLink[];
}

/** One base, which several environments may share. */
export interface BundledPython {
  /** Its folder in the tree: `.python/3.11.7`. */
  readonly folder: TreePath;
  /** Where it was found: its `sys.prefix`. */
  readonly prefix: AbsolutePath;
  /** `3.11.7`. */
  readonly version: string;
  readonly environments: readonly BundledEnvironment[];
  /** Regular files, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Shared libraries of the host that came along, by the names under which they are needed; sorted. */
  readonly libraries: readonly string[];
}

export interface Bundle {
  /** A folder laid out as the tree: what is new lies in it where it will lie there. */
  readonly staging: AbsolutePath;
  /** The topmost folders that are new in the tree. */
  readonly additions: readonly TreePath[];
  readonly pythons: readonly BundledPython[];
  /** Places of the bases, by which their own files name themselves. */
  readonly prefixes: readonly Prefix[];
  /** Sentences about what did not come along: a licence, a library that the host lacks. */
  readonly warnings: readonly string[];
}

/** Whether a path of the tree is new in it, with a bundle: its file stands in the bundle's folder. */
export function isBundled(path: TreePath, bundle: Bundle | undefined): boolean {
  return bundle !== undefined && bundle.additions.some((addition) => isInside(path, addition));
}

/** Where the file at a path of the tree stands: in the tree, or in the folder of what comes along. */
export function rootOf(
  path: TreePath,
  { tree, bundle }: { readonly tree: AbsolutePath; readonly bundle?: Bundle },
): AbsolutePath {
  return bundle !== undefined && isBundled(path, bundle) ? bundle.staging : tree;
}
