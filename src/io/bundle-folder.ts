/** Fills the folder of a bundled Python: copies that have the same bytes, modes and times whenever the same Python is bundled. */
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import type { EntryType } from '../model/entry.ts';
import {
  asAbsolutePath,
  asTreePath,
  dirName,
  isInside,
  joinAbsolute,
  joinTree,
  type AbsolutePath,
  type TreePath,
} from '../model/path.ts';
import { namesIn, realPath } from './base-python.ts';
import { entryType, hostPath } from './entries.ts';
import { lookAt } from './look.ts';
import { setTimeRoughly } from './times.ts';

/** Makes the folder in which everything that comes along is laid out. */
export function makeBundleStaging(): AbsolutePath {
  const place = mkdtempSync(`${tmpdir()}/relocate-bundle-`);
  return realPath(asAbsolutePath(place)) ?? asAbsolutePath(place);
}

/** What is at a path of the tree, no link followed. */
export function treeTypeOf(root: AbsolutePath, path: TreePath): EntryType | null {
  const stat = lookAt(hostPath(root, path));
  return stat === null ? null : entryType(stat);
}

/** A file that was copied, relative to the bundled Python, and where it came from. */
export interface CopiedFile {
  readonly path: TreePath;
  readonly from: AbsolutePath;
}

export class BundleFolder {
  readonly root: AbsolutePath;
  readonly copied: CopiedFile[] = [];

  /** `root` must not exist; the folders above it are made. */
  constructor(root: AbsolutePath) {
    this.root = root;
    mkdirSync(encodeBytes(root), { recursive: true, mode: 0o755 });
  }

  /**
   * Copies a folder of the base with all that is in it. A link that leads to something of the same base stays a link; what it leads to
   * elsewhere is copied in its place; one that leads nowhere stays behind. What is not there is no error. Yields before each entry, so that
   * who copies can let other events in: a standard library is thousands of files.
   * @param staysBehind asked of each path relative to the folder
   */
  *copyFolder(from: AbsolutePath, to: TreePath, staysBehind: (path: string) => boolean): Generator<void, void, void> {
    const real = realPath(from);
    if (real !== null && lookAt(encodeBytes(real))?.isDirectory() === true)
      yield* this.#copyInside({ from: real, to, staysBehind }, '', new Set([real]));
  }

  *#copyInside(copying: Copying, folder: string, above: ReadonlySet<AbsolutePath>): Generator<void, void, void> {
    this.#makeFolder(joinTree(copying.to, folder));
    for (const name of namesIn(joinAbsolute(copying.from, folder))) {
      const path = joinTree(folder, name);
      if (copying.staysBehind(path)) continue;
      yield;
      yield* this.#copyEntry(copying, path, above);
    }
  }

  *#copyEntry(copying: Copying, path: TreePath, above: ReadonlySet<AbsolutePath>): Generator<void, void, void> {
    const place = joinAbsolute(copying.from, path);
    const stat = lookAt(encodeBytes(place));
    if (stat === null) return;
    if (stat.isDirectory()) yield* this.#copyInside(copying, path, above);
    else if (stat.isFile()) this.copyFile(place, joinTree(copying.to, path));
    else if (stat.isSymbolicLink()) yield* this.#copyLink(copying, path, above);
  }

  *#copyLink(copying: Copying, path: TreePath, above: ReadonlySet<AbsolutePath>): Generator<void, void, void> {
    const place = joinAbsolute(copying.from, path);
    const real = realPath(place);
    if (real === null) return;
    const target = decodeBytes(readlinkSync(encodeBytes(place), { encoding: 'buffer' }));
    if (!target.startsWith('/') && isInside(real, copying.from)) {
      this.link(joinTree(copying.to, path), target, place);
      return;
    }
    const stat = lookAt(encodeBytes(real));
    if (stat?.isFile() === true) this.copyFile(real, joinTree(copying.to, path));
    else if (stat?.isDirectory() === true && !above.has(real))
      yield* this.#copyInside(
        {
          ...copying,
          from: real,
          to: joinTree(copying.to, path),
          staysBehind: (below) => copying.staysBehind(joinTree(path, below)),
        },
        '',
        new Set([...above, real]),
      );
  }

  /** Copies a regular file where there is one; what is in the bundle already stays. */
  copyFile(from: AbsolutePath, path: TreePath): void {
    const place = hostPath(this.root, path);
    if (lookAt(place) !== null || lookAt(encodeBytes(from))?.isFile() !== true) return;
    this.#makeFolder(dirName(path));
    copyFileSync(encodeBytes(from), place);
    this.#settle(from, path);
    this.copied.push({ path, from });
  }

  /** A symlink with the time of another entry. */
  link(path: TreePath, target: string, like: AbsolutePath): void {
    const place = hostPath(this.root, path);
    if (lookAt(place) !== null) return;
    symlinkSync(encodeBytes(target), place);
    const stat = lstatSync(encodeBytes(like), { bigint: true });
    setTimeRoughly(place, stat, stat.mtimeNs);
  }

  read(path: TreePath): Buffer {
    return readFileSync(hostPath(this.root, path));
  }

  /** Writes other bytes into a file that was copied. */
  rewrite({ path, from }: CopiedFile, bytes: Buffer): void {
    writeFileSync(hostPath(this.root, path), bytes);
    this.#settle(from, path);
  }

  has(path: TreePath): boolean {
    return lookAt(hostPath(this.root, path)) !== null;
  }

  /** Gives every folder the time of the newest file in it, so that caches that Python writes into its base make no difference. */
  settleFolders(): { readonly files: number; readonly bytes: number } {
    const { files, bytes } = settleFolder(this.root);
    return { files, bytes };
  }

  /** Everyone may read it, whatever the umask, and run programs: modules of the standard library that can be run as well are modules here. */
  #settle(from: AbsolutePath, path: TreePath): void {
    const place = hostPath(this.root, path);
    const stat = lstatSync(encodeBytes(from), { bigint: true });
    chmodSync(place, (stat.mode & 0o100n) === 0n || path.endsWith('.py') ? 0o644 : 0o755);
    setTimeRoughly(place, stat, stat.mtimeNs);
  }

  #makeFolder(path: TreePath): void {
    if (path === asTreePath('') || this.has(path)) return;
    this.#makeFolder(dirName(path));
    mkdirSync(hostPath(this.root, path));
  }
}

interface Copying {
  readonly from: AbsolutePath;
  readonly to: TreePath;
  readonly staysBehind: (path: string) => boolean;
}

/** Gives a folder and those in it their modes and times; what is in them is summed up. */
export function settleFolder(folder: AbsolutePath): {
  readonly files: number;
  readonly bytes: number;
  readonly newest: bigint;
} {
  let sum = { files: 0, bytes: 0, newest: 0n };
  for (const name of namesIn(folder)) {
    const place = joinAbsolute(folder, name);
    const stat = lstatSync(encodeBytes(place), { bigint: true });
    const inside = stat.isDirectory()
      ? settleFolder(place)
      : { files: stat.isFile() ? 1 : 0, bytes: stat.isFile() ? Number(stat.size) : 0, newest: stat.mtimeNs };
    sum = {
      files: sum.files + inside.files,
      bytes: sum.bytes + inside.bytes,
      newest: inside.newest > sum.newest ? inside.newest : sum.newest,
    };
  }
  const place = encodeBytes(folder);
  chmodSync(place, 0o755);
  setTimeRoughly(place, lstatSync(place, { bigint: true }), sum.newest);
  return sum;
}
