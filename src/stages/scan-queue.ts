/** Groups the files of a walk into batches for the threads, every inode once. */
import type { FileTask } from '../io/file-scan.ts';
import type { Entry } from '../model/entry.ts';
import { baseName, dirName, type TreePath } from '../model/path.ts';

const BATCH_FILES = 256;
const BATCH_BYTES = 8 * 1024 * 1024;

/** A file that waits for its other names. */
interface Waiting {
  readonly entry: Entry;
  readonly aliases: TreePath[];
}

/**
 * Takes entries in walk order, gives batches when they are full. Files with several links, and shared libraries (a symlink in
 * another folder may lead to them), wait until all their names are known.
 */
export class FileQueue {
  #batch: FileTask[] = [];
  #bytes = 0;
  readonly #waiting = new Map<string, Waiting>();
  readonly #links: TreePath[] = [];
  readonly #realPath: (path: TreePath) => TreePath | null;

  /** `realPath`: the real path of a tree path; null where it leaves the tree or is not there. */
  constructor(realPath: (path: TreePath) => TreePath | null) {
    this.#realPath = realPath;
  }

  add(entry: Entry): readonly FileTask[] | null {
    if (entry.unreadable !== undefined) return null;
    const isLibrary = isLibraryName(entry.path);
    if (entry.type === 'symlink' && isLibrary) this.#links.push(entry.path);
    if (entry.type !== 'file') return null;
    if (entry.links === 1 && !isLibrary) return this.#push(entry, [], []);
    const inode = `${entry.device}:${entry.inode}`;
    const first = this.#waiting.get(inode);
    if (first === undefined) this.#waiting.set(inode, { entry, aliases: [] });
    else first.aliases.push(entry.path);
    return null;
  }

  *rest(): Generator<readonly FileTask[]> {
    const links = this.#linksByTarget();
    for (const { entry, aliases } of this.#waiting.values()) {
      const leading = [entry.path, ...aliases].flatMap((name) => links.get(name) ?? []);
      const full = this.#push(entry, aliases, leading);
      if (full !== null) yield full;
    }
    if (this.#batch.length > 0) yield this.#batch;
  }

  /** Links that lead to a file in another folder, by its real path. */
  #linksByTarget(): ReadonlyMap<TreePath, readonly TreePath[]> {
    const links = new Map<TreePath, TreePath[]>();
    for (const link of this.#links) {
      const target = this.#realPath(link);
      if (target === null || dirName(target) === this.#realPath(dirName(link))) continue;
      const others = links.get(target);
      if (others === undefined) links.set(target, [link]);
      else others.push(link);
    }
    return links;
  }

  #push(entry: Entry, aliases: readonly TreePath[], links: readonly TreePath[]): readonly FileTask[] | null {
    this.#batch.push({ path: entry.path, aliases, links, size: entry.size, mode: entry.mode, mtime: entry.mtime });
    this.#bytes += entry.size;
    if (this.#batch.length < BATCH_FILES && this.#bytes < BATCH_BYTES) return null;
    const full = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    return full;
  }
}

/** Whether a file is a shared library or a module that is loaded like one, by its name. */
function isLibraryName(path: TreePath): boolean {
  return /\.(?:so(?:\.[^/]*)?|dylib|bundle)$/.test(baseName(path));
}
