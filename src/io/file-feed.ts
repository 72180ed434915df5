/** Feeds file threads with the files of an archive, in its order, as their bytes come: copied into a few buffers that are used again. */
import type { TreePath } from '../model/path.ts';
import type { FileThread, FileThreads } from './file-threads.ts';
import type { FileAnswer, FileFailure, FilePart, FilledFile, NewFileTask } from './file-tasks.ts';

/** Bytes of a buffer, and files that it may hold. */
const BUFFER = 1024 * 1024;
const MOST_FILES = 256;

/** A failure of some job: of several, that of the first job is told, as if all was done in turn. */
interface Failed {
  readonly order: number;
  readonly failure: FileFailure;
}

export class FileFeed {
  readonly #threads: FileThreads;
  readonly #filled = new Map<TreePath, FilledFile>();
  readonly #free: SharedArrayBuffer[] = [];
  readonly #running = new Set<Promise<void>>();
  #buffers = 0;
  #buffer: SharedArrayBuffer | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #used = 0;
  #parts: FilePart[] = [];
  /** Who has the file that goes on in the next buffer. */
  #thread: FileThread | null = null;
  #order = 0;
  #failed: Failed | null = null;
  #broken: Error | null = null;

  constructor(threads: FileThreads) {
    this.#threads = threads;
  }

  /** What went wrong so far. */
  get failure(): FileFailure | null {
    return this.#failed?.failure ?? null;
  }

  /** Takes a file with all its bytes. Once something has failed there is no use in going on. */
  async add(task: NewFileTask, pieces: AsyncIterable<Buffer>): Promise<void> {
    // only what is too large for any buffer goes on in the next one, for which all have to wait for the same thread
    const isFull = this.#parts.length >= MOST_FILES || this.#used + task.size > BUFFER;
    if (isFull && this.#parts.length > 0) await this.#send(false);
    let part: FilePart = { task, at: this.#used, length: 0, isLast: false };
    this.#parts.push(part);
    for await (const piece of pieces)
      for (let at = 0; at < piece.length;) {
        if (this.#used === this.#bytes.length) {
          if (this.#buffer !== null) {
            await this.#send(true);
            part = { task: null, at: 0, length: 0, isLast: false };
            this.#parts.push(part);
          }
          await this.#takeBuffer();
        }
        const copied = piece.copy(this.#bytes, this.#used, at);
        at += copied;
        part.length += copied;
        this.#used += copied;
      }
    part.isLast = true;
  }

  /** Has all that was added done, but for a file that did not come to its end. */
  async settle(): Promise<void> {
    if (this.#parts.at(-1)?.isLast === false) this.#parts.pop();
    if (this.#parts.length > 0) await this.#send(false);
    await Promise.all(this.#running);
    if (this.#broken !== null) throw this.#broken;
  }

  /** Ends it. Gives the files that were filled in; nothing is known of them where there was a failure. */
  async finish(): Promise<ReadonlyMap<TreePath, FilledFile>> {
    await this.settle();
    return this.#filled;
  }

  /** `goesOn`: the file at the end is not there whole. */
  async #send(goesOn: boolean): Promise<void> {
    const buffer = this.#buffer ?? new SharedArrayBuffer(0);
    const parts = this.#parts;
    const thread = this.#thread ?? (await this.#threads.free());
    this.#thread = goesOn ? thread : null;
    this.#parts = [];
    this.#buffer = null;
    this.#bytes = Buffer.alloc(0);
    this.#used = 0;
    const order = this.#order++;
    const run = this.#threads
      .run(thread, { kind: 'write', buffer, parts })
      .then(
        (answer) => this.#take(answer, order),
        (error: unknown) => void (this.#broken ??= error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => {
        if (buffer.byteLength > 0) this.#free.push(buffer);
        this.#running.delete(run);
      });
    this.#running.add(run);
    if (this.#broken !== null) throw this.#broken;
  }

  #take({ filled, failure }: FileAnswer, order: number): void {
    for (const file of filled) this.#filled.set(file.path, file);
    if (failure !== null && (this.#failed === null || order < this.#failed.order)) this.#failed = { order, failure };
  }

  async #takeBuffer(): Promise<void> {
    while (this.#free.length === 0 && this.#buffers > this.#threads.capacity) await Promise.race(this.#running);
    let buffer = this.#free.pop();
    if (buffer === undefined) {
      buffer = new SharedArrayBuffer(BUFFER);
      this.#buffers++;
    }
    this.#buffer = buffer;
    this.#bytes = Buffer.from(buffer);
  }
}
