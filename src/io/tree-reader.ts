/** Has the files of a tree read by threads, batch by batch. */
import type { TreePath } from '../model/path.ts';
import type { FileContent } from './file-tasks.ts';
import type { FileThreads } from './file-threads.ts';

/** Files of a batch, and about how many bytes. */
const MOST_FILES = 128;
const MOST_BYTES = 4 * 1024 * 1024;

export class TreeReader {
  readonly #threads: FileThreads;
  readonly #onContent: (content: FileContent) => void;
  readonly #running = new Set<Promise<void>>();
  #paths: TreePath[] = [];
  #bytes = 0;
  #broken: { readonly error: unknown } | null = null;

  /** `onContent` is told of each file, in no order. */
  constructor(threads: FileThreads, onContent: (content: FileContent) => void) {
    this.#threads = threads;
    this.#onContent = onContent;
  }

  /** Takes a file; resolves when there is room for another. */
  async add(path: TreePath, size: number): Promise<void> {
    this.#paths.push(path);
    this.#bytes += size;
    if (this.#paths.length >= MOST_FILES || this.#bytes >= MOST_BYTES) await this.#send();
  }

  /** Resolves when all files were told of. */
  async settle(): Promise<void> {
    if (this.#paths.length > 0) await this.#send();
    await Promise.all(this.#running);
    if (this.#broken !== null) throw this.#broken.error;
  }

  async #send(): Promise<void> {
    const paths = this.#paths;
    this.#paths = [];
    this.#bytes = 0;
    const thread = await this.#threads.free();
    const run = this.#threads
      .run(thread, { kind: 'read', paths })
      .then(({ contents }) => contents.forEach(this.#onContent))
      .catch((error: unknown) => void (this.#broken ??= { error }))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
    if (this.#broken !== null) throw this.#broken.error;
  }
}
