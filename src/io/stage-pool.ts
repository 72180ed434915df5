/** Writes the new files of a run, on several threads where they are many bytes; the calling thread works too. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { NewContent } from '../formats/follows.ts';
import type { Run } from './journal.ts';
import { errorOf, writeBatch, type Failure, type FileTask, type WrittenBatch } from './stage-batch.ts';

/** Fewer bytes are written before another thread has started. */
const WORTH_A_THREAD = 16 * 1024 * 1024;
/** A batch ends with the file that makes it so large. */
const BATCH_BYTES = 2 * 1024 * 1024;
const BATCH_FILES = 64;
/** Batches on their way to one thread. */
const BATCHES_AHEAD = 2;

/** Told what came of each task, in no order. */
export type OnWritten = (task: FileTask, content: NewContent) => void;

/**
 * Writes new files on at most `jobs` threads. `rest` is waited for between batches, and may throw to end it all.
 * @throws StalePlanError, UsageError, or an error with the system's message: of the first task, in their order, that could not be carried out
 */
export async function writeFiles(
  run: Run,
  tasks: readonly FileTask[],
  jobs: number,
  onWritten: OnWritten,
  rest: () => Promise<void>,
): Promise<void> {
  const work = new Work(run, tasks, onWritten);
  const threads = Array.from({ length: threadsFor(tasks, jobs) }, () => new Thread(work));
  try {
    for (let isMore = true; isMore;) {
      for (const thread of threads) while (thread.ahead < BATCHES_AHEAD && thread.send());
      const next = work.take();
      isMore = next !== null;
      if (next !== null) work.done(next, writeBatch(run, next));
      // what the threads say is heard meanwhile
      await (threads.length === 0 ? rest() : new Promise((resolve) => setImmediate(resolve)).then(rest));
    }
    await Promise.all(threads.map((thread) => thread.idle()));
  } finally {
    await Promise.all(threads.map((thread) => thread.stop()));
  }
  work.requireAll();
}

/** Threads besides the calling one. None where they can't run (from sources). */
function threadsFor(tasks: readonly FileTask[], jobs: number): number {
  const bytes = tasks.reduce((sum, { size }) => sum + size, 0);
  const wanted = Math.min(jobs - 1, Math.floor(bytes / WORTH_A_THREAD));
  return wanted > 0 && existsSync(fileURLToPath(PROGRAM)) ? wanted : 0;
}

const PROGRAM = new URL('./stage-worker.js', import.meta.url);

/** Tasks that wait to be taken, in order, and the failure that counts. */
class Work {
  readonly run: Run;
  readonly #tasks: readonly FileTask[];
  readonly #onWritten: OnWritten;
  #next = 0;
  #failed: { readonly position: number; readonly failure: Failure } | null = null;

  constructor(run: Run, tasks: readonly FileTask[], onWritten: OnWritten) {
    this.run = run;
    this.#tasks = tasks;
    this.#onWritten = onWritten;
  }

  /** The next batch; null where there is none, or one has failed. */
  take(): FileTask[] | null {
    if (this.#failed !== null || this.#next === this.#tasks.length) return null;
    const batch: FileTask[] = [];
    for (let bytes = 0; bytes < BATCH_BYTES && batch.length < BATCH_FILES; this.#next++) {
      const task = this.#tasks[this.#next];
      if (task === undefined) break;
      batch.push(task);
      bytes += task.size;
    }
    return batch;
  }

  done(batch: readonly FileTask[], { written, failure }: WrittenBatch): void {
    written.forEach((content, i) => {
      const task = batch[i];
      if (task !== undefined) this.#onWritten(task, content);
    });
    const failed = batch[written.length];
    if (failure === null || failed === undefined) return;
    const position = this.#tasks.indexOf(failed);
    // whoever takes batches takes them in order: all before the first failure have been tried, whatever the threads
    if (this.#failed === null || position < this.#failed.position) this.#failed = { position, failure };
  }

  requireAll(): void {
    if (this.#failed !== null) throw errorOf(this.#failed.failure);
  }
}

class Thread {
  readonly #worker: Worker;
  readonly #work: Work;
  readonly #sent: FileTask[][] = [];
  #error: Error | null = null;
  #wake: () => void = () => {};

  constructor(work: Work) {
    this.#work = work;
    // the options of the calling process (`--input-type`) are not for the worker's program
    this.#worker = new Worker(PROGRAM, { workerData: work.run, execArgv: [] });
    this.#worker.on('message', (written: WrittenBatch) => {
      this.#work.done(this.#sent.shift() ?? [], written);
      this.#wake();
    });
    this.#worker.on('error', (error: Error) => {
      this.#error = error;
      this.#wake();
    });
  }

  get ahead(): number {
    return this.#sent.length;
  }

  /** Sends the next batch; false where there is none. */
  send(): boolean {
    const batch = this.#work.take();
    if (batch === null) return false;
    this.#sent.push(batch);
    this.#worker.postMessage(batch);
    return true;
  }

  /** Resolves when all that was sent is done. */
  async idle(): Promise<void> {
    for (;;) {
      if (this.#error !== null) throw this.#error;
      if (this.#sent.length === 0) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Ends at once: nothing is written any more when it resolves. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
