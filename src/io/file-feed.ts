/** Feeds file threads with the files of an archive, in its order, as their bytes come: where they lie in a frame, or copied into a few buffers. */
import type { TreePath } from '../model/path.ts';
import type { FileThread, FileThreads } from './file-threads.ts';
import type { SharedFrames } from './shared-frames.ts';
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
  readonly #frames: SharedFrames;
  readonly #filled = new Map<TreePath, FilledFile>();
  readonly #free: SharedArrayBuffer[] = [];
  readonly #running = new Set<Promise<void>>();
  #buffers = 0;
  #buffer: SharedArrayBuffer | null = null;
  /** Whether the buffer is a frame, not one of this feed. */
  #isLent = false;
  #bytes: Buffer = Buffer.alloc(0);
  #used = 0;
  #parts: FilePart[] = [];
  /** Who has the file that goes on in the next buffer. */
  #thread: FileThread | null = null;
  #order = 0;
  #failed: Failed | null = null;
  #broken: Error | null = null;

  constructor(threads: FileThreads, frames: SharedFrames) {
    this.#threads = threads;
    this.#frames = frames;
  }

  /** What went wrong so far. */
  get failure(): FileFailure | null {
    return this.#failed?.failure ?? null;
  }

  /** Takes a file with all its bytes. Once something has failed there is no use in going on. */
  async add(task: NewFileTask, pieces: AsyncIterable<Buffer>): Promise<void> {
    let isBegun = false;
    for await (const piece of pieces) {
      const { buffer } = piece;
      if (!isBegun && piece.length === task.size && buffer instanceof SharedArrayBuffer)
        await this.#lend(task, piece, buffer);
      else {
        if (!isBegun) await this.#begin(task);
        await this.#copy(piece);
      }
      isBegun = true;
    }
    if (!isBegun) await this.#begin(task);
    const last = this.#parts.at(-1);
    if (last !== undefined) last.isLast = true;
  }

  /** A file that threads can write from where it lies. */
  async #lend(task: NewFileTask, { byteOffset: at, length }: Buffer, buffer: SharedArrayBuffer): Promise<void> {
    const isFull = this.#isFull(task.size) || (this.#buffer !== null && this.#buffer !== buffer);
    if (isFull && this.#parts.length > 0) await this.#send(false);
    if (this.#buffer === null) this.#frames.hold(buffer);
    this.#buffer = buffer;
    this.#isLent = true;
    this.#parts.push({ task, at, length, isLast: false });
    this.#used += length;
  }

  /** A file whose bytes are to be copied, or that has none. */
  async #begin(task: NewFileTask): Promise<void> {
    // only what is too large for any buffer goes on in the next one, for which all have to wait for the same thread
    const isFull = this.#isFull(task.size) || (this.#isLent && task.size > 0);
    if (isFull && this.#parts.length > 0) await this.#send(false);
    this.#parts.push({ task, at: this.#used, length: 0, isLast: false });
  }

  async #copy(piece: Buffer): Promise<void> {
    for (let at = 0; at < piece.length;) {
      if (this.#used === this.#bytes.length) {
        if (this.#buffer !== null) {
          await this.#send(true);
          this.#parts.push({ task: null, at: 0, length: 0, isLast: false });
        }
        await this.#takeBuffer();
      }
      const copied = piece.copy(this.#bytes, this.#used, at);
      at += copied;
      this.#used += copied;
      const part = this.#parts.at(-1);
      if (part !== undefined) part.length += copied;
    }
  }

  #isFull(more: number): boolean {
    return this.#parts.length >= MOST_FILES || this.#used + more > BUFFER;
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
    const isLent = this.#isLent;
    const thread = this.#thread ?? (await this.#threads.free());
    this.#thread = goesOn ? thread : null;
    this.#parts = [];
    this.#buffer = null;
    this.#isLent = false;
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
        if (isLent) this.#frames.release(buffer);
        else if (buffer.byteLength > 0) this.#free.push(buffer);
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
