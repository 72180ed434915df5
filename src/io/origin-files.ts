/** Finds the few files and links of a tree that say where it was built, without walking into packages. */
import { closeSync, constants, existsSync, openSync, readlinkSync } from 'node:fs';
import glob from 'fast-glob';
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { ORIGIN_FILES } from '../formats/origins.ts';
import { asTreePath, type AbsolutePath, type TreePath } from '../model/path.ts';
import { hostPath } from './entries.ts';
import { firstBytes } from './tree-probe.ts';

/** Folders whose insides never say where the tree was built, but hold most of its files. */
const CLOSED = [
  '**/site-packages/*/**',
  '**/node_modules/**',
  '**/.git/**',
  '**/__pycache__/**',
  '**/.relocate/**',
  '**/pkgs/*/**',
];
/** A dist-info folder says where an editable package came from. */
const OPEN_AGAIN = ['**/site-packages/*.dist-info/direct_url.json'];
const DEEPEST = 12;
/** How much of a file is looked at. */
const HEAD = 128 * 1024;

/** A file and its start, as latin1. */
export interface OriginFile {
  readonly path: TreePath;
  readonly text: string;
}

/**
 * Looks with the options of a search from `root`. fast-glob takes text alone: a root whose name is not UTF-8 is reached by its descriptor,
 * where the system has a way.
 */
async function searching<T>(root: AbsolutePath, look: (options: glob.Options) => Promise<T>): Promise<T> {
  const options = { dot: true, followSymbolicLinks: false, onlyFiles: true, suppressErrors: true, deep: DEEPEST };
  if (root.isWellFormed() || !existsSync('/proc/self/fd')) return look({ ...options, cwd: root });
  const folder = openSync(encodeBytes(root), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await look({ ...options, cwd: `/proc/self/fd/${folder}` });
  } finally {
    closeSync(folder);
  }
}

/** The files, sorted by path; those that can't be read are left out (the scan reports them). */
export async function originFiles(root: AbsolutePath): Promise<OriginFile[]> {
  const found = await searching(root, (options) =>
    Promise.all([
      glob.glob([...ORIGIN_FILES], { ...options, ignore: CLOSED }),
      glob.glob(OPEN_AGAIN, { ...options, ignore: CLOSED.slice(1) }),
    ]),
  );
  return [...new Set(found.flat())].sort().flatMap((path) => readStart(root, asTreePath(path)));
}

function readStart(root: AbsolutePath, path: TreePath): OriginFile[] {
  try {
    return [{ path, text: decodeBytes(firstBytes(hostPath(root, path), HEAD)) }];
  } catch {
    return [];
  }
}

/** A symlink and its target. */
export interface OriginLink {
  readonly path: TreePath;
  readonly target: string;
}

/** The symlinks with an absolute target, sorted by path. */
export async function originLinks(root: AbsolutePath): Promise<OriginLink[]> {
  const links = await searching(root, async (options) => {
    const found: TreePath[] = [];
    const entries = glob.stream('**', { ...options, onlyFiles: false, objectMode: true, ignore: CLOSED });
    for await (const entry of entries as AsyncIterable<unknown> as AsyncIterable<glob.Entry>)
      if (entry.dirent.isSymbolicLink()) found.push(asTreePath(entry.path));
    return found;
  });
  return links.sort().flatMap((path) => readTarget(root, path));
}

function readTarget(root: AbsolutePath, path: TreePath): OriginLink[] {
  try {
    const target = decodeBytes(readlinkSync(hostPath(root, path), { encoding: 'buffer' }));
    return target.startsWith('/') ? [{ path, target }] : [];
  } catch {
    return [];
  }
}
