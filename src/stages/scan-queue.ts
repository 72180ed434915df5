/** Groups the files of a walk into batches for the threads, every inode once. */
import type { FileTask } from '../io/file-scan.ts';
import type { Entry } from '../model/entry.ts';
import type { TreePath } from '../model/path.ts';

const BATCH_FILES = 256;
const BATCH_BYTES = 8 * 1024 * 1024;

/** Takes entries in walk order, gives batches when they are full. Files with several links wait until all their names are known. */
export class FileQueue {
  #batch: FileTask[] = [];
  #bytes = 0;
  readonly #linked = new Map<string, { readonly entry: Entry; readonly aliases: TreePath[] }>();

  add(entry: Entry): readonly FileTask[] | null {
    if (entry.type !== 'file' || entry.unreadable !== undefined) return null;
    if (entry.links === 1) return this.#push(entry, []);
    const inode = `${entry.device}:${entry.inode}`;
    const first = this.#linked.get(inode);
    if (first === undefined) this.#linked.set(inode, { entry, aliases: [] });
    else first.aliases.push(entry.path);
    return null;
  }

  *rest(): Generator<readonly FileTask[]> {
    for (const { entry, aliases } of this.#linked.values()) {
      const full = this.#push(entry, aliases);
      if (full !== null) yield full;
    }
    if (this.#batch.length > 0) yield this.#batch;
  }

  #push(entry: Entry, aliases: readonly TreePath[]): readonly FileTask[] | null {
    this.#batch.push({ path: entry.path, aliases, size: entry.size, mode: entry.mode, mtime: entry.mtime });
    this.#bytes += entry.size;
    if (this.#batch.length < BATCH_FILES && this.#bytes < BATCH_BYTES) return null;
    const full = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    return full;
  }
}
