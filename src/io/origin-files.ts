/** Finds the few files and links of a tree that say where it was built, without walking into packages. */
import { readlinkSync } from 'node:fs';
import { decodeBytes } from '../formats/byte-text.ts';
import { isOriginFile } from '../formats/origins.ts';
import { asTreePath, baseName, type AbsolutePath, type TreePath } from '../model/path.ts';
import { hostPath, listing, textOf, type Listed } from './entries.ts';
import { firstBytes } from './tree-probe.ts';

/** Folders whose insides never say where the tree was built, but hold most of its files. */
const CLOSED = new Set(['node_modules', '.git', '__pycache__', '.relocate']);
/** The same of the folders in these. */
const PACKAGES = new Set(['site-packages', 'pkgs']);
/** Names of a path that is looked at. */
const DEEPEST = 12;
/** How much of a file is looked at. */
const HEAD = 128 * 1024;

/** A file and its start, as text. */
export interface OriginFile {
  readonly path: TreePath;
  readonly text: string;
}

/** A symlink with an absolute target. */
export interface OriginLink {
  readonly path: TreePath;
  readonly target: string;
}

interface Found {
  readonly files: TreePath[];
  readonly links: TreePath[];
}

/** The files and links, sorted by path; those that can't be read are left out (the scan reports them). */
export function findOrigins(root: AbsolutePath): { readonly files: OriginFile[]; readonly links: OriginLink[] } {
  const found: Found = { files: [], links: [] };
  look(root, asTreePath(''), 1, found);
  return {
    files: found.files.sort().flatMap((path) => readStart(root, path)),
    links: found.links.sort().flatMap((path) => readTarget(root, path)),
  };
}

function look(root: AbsolutePath, folder: TreePath, depth: number, found: Found): void {
  const holder = baseName(folder);
  for (const listed of listingOf(root, folder)) {
    // most of a tree are files that do not tell: nothing is made of their names
    if (listed.isFile()) {
      if (isOriginFile(holder, listed.name)) found.files.push(pathOf(folder, listed));
    } else if (!listed.isDirectory()) found.links.push(pathOf(folder, listed));
    else if (PACKAGES.has(holder)) {
      // it says where an editable package came from
      if (holder === 'site-packages' && listed.name.endsWith('.dist-info'))
        lookForUrl(root, pathOf(folder, listed), found);
    } else if (!CLOSED.has(listed.name) && depth < DEEPEST) look(root, pathOf(folder, listed), depth + 1, found);
  }
}

function lookForUrl(root: AbsolutePath, folder: TreePath, { files }: Found): void {
  for (const listed of listingOf(root, folder))
    if (listed.name === 'direct_url.json' && listed.isFile()) files.push(pathOf(folder, listed));
}

function listingOf(root: AbsolutePath, folder: TreePath): readonly Listed[] {
  try {
    return listing(root, folder);
  } catch {
    return [];
  }
}

function pathOf(folder: TreePath, { name }: Listed): TreePath {
  return asTreePath(folder === '' ? textOf(name) : `${folder}/${textOf(name)}`);
}

/** A file with a NUL is none of those that tell. */
function readStart(root: AbsolutePath, path: TreePath): OriginFile[] {
  try {
    const bytes = firstBytes(hostPath(root, path), HEAD);
    return bytes.includes(0) ? [] : [{ path, text: decodeBytes(bytes) }];
  } catch {
    return [];
  }
}

function readTarget(root: AbsolutePath, path: TreePath): OriginLink[] {
  try {
    const target = decodeBytes(readlinkSync(hostPath(root, path), { encoding: 'buffer' }));
    return target.startsWith('/') ? [{ path, target }] : [];
  } catch {
    return [];
  }
}
