/** Finds the few files and links of a tree that say where it was built, without walking into packages. */
import { readlinkSync } from 'node:fs';
import glob from 'fast-glob';
import { decodeBytes } from '../formats/byte-text.ts';
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

function walking(root: AbsolutePath): glob.Options {
  return { cwd: root, dot: true, followSymbolicLinks: false, onlyFiles: true, suppressErrors: true, deep: DEEPEST };
}

/** The files, sorted by path; those that can't be read are left out (the scan reports them). */
export async function originFiles(root: AbsolutePath): Promise<OriginFile[]> {
  const options = {
    cwd: root,
    dot: true,
    followSymbolicLinks: false,
    onlyFiles: true,
    suppressErrors: true,
    deep: DEEPEST,
  };
  const found = await Promise.all([
    glob.glob([...ORIGIN_FILES], { ...options, ignore: CLOSED }),
    glob.glob(OPEN_AGAIN, { ...options, ignore: CLOSED.slice(1) }),
  ]);
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
  const links: TreePath[] = [];
  const entries = glob.stream('**', { ...walking(root), onlyFiles: false, objectMode: true, ignore: CLOSED });
  for await (const entry of entries as AsyncIterable<unknown> as AsyncIterable<glob.Entry>)
    if (entry.dirent.isSymbolicLink()) links.push(asTreePath(entry.path));
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
