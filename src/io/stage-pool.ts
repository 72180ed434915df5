/** Keeps originals and writes the new files of a run, on several threads where they are many bytes; the calling thread works too. */
import type { NewContent } from '../formats/follows.ts';
import { AnsweringWorker, canStart } from './answering-worker.ts';
import type { Run } from './journal.ts';
import { errorOf, writeBatch, type FileTask, type WrittenBatch } from './stage-batch.ts';

/** Fewer bytes are written before another thread has started. */
const WORTH_A_THREAD = 16 * 1024 * 1024;
/** A batch ends with the file that makes it so large. */
const BATCH_BYTES = 2 * 1024 * 1024;
const BATCH_FILES = 64;
/** Batches on their way to one thread. */
const BATCHES_AHEAD = 2;

const PROGRAM = new URL('./stage-worker.js', import.meta.url);

type Thread = AnsweringWorker<FileTask[], WrittenBatch>;

/** Told what came of each task, in no order. */
export type OnWritten = (task: FileTask, content: NewContent) => void;

/**
 * Writes new files on at most `jobs` threads. `rest` is waited for between batches, and may throw to end it all.
 * @returns how many originals are kept as copies, because hard links were refused
 * @throws StalePlanError, UsageError, or an error with the system's message: of the first task, in their order, that could not be carried out
 */
export async function writeFiles(
  run: Run,
  tasks: readonly FileTask[],
  jobs: number,
  onWritten: OnWritten,
  rest: () => Promise<void>,
): Promise<number> {
  const work = new Work(tasks, onWritten);
  const threads = Array.from({ length: threadsFor(tasks, jobs) }, (): Thread => new AnsweringWorker(PROGRAM, run));
  const sent: Promise<void>[] = [];
  const send = (thread: Thread): boolean => {
    const batch = work.take();
    if (batch === null) return false;
    const [onAnswer, onError] = [
      (written: WrittenBatch): void => work.done(batch, written),
      (error: unknown): void => work.breakDown(error),
    ];
    sent.push(thread.run(batch).then(onAnswer, onError));
    return true;
  };
  try {
    for (let isMore = true; isMore;) {
      for (const thread of threads) while (thread.jobs < BATCHES_AHEAD && send(thread));
      const next = work.take();
      isMore = next !== null;
      if (next !== null) work.done(next, writeBatch(run, next));
      // what the threads say is heard meanwhile
      await (threads.length === 0 ? rest() : new Promise((resolve) => setImmediate(resolve)).then(rest));
    }
    await Promise.all(sent);
  } finally {
    await Promise.all(threads.map((thread) => thread.stop()));
  }
  return work.end();
}

/** Threads besides the calling one. None where they can't run (from sources). */
function threadsFor(tasks: readonly FileTask[], jobs: number): number {
  const bytes = tasks.reduce((sum, { size }) => sum + size, 0);
  const wanted = Math.min(jobs - 1, Math.floor(bytes / WORTH_A_THREAD));
  return wanted > 0 && canStart(PROGRAM) ? wanted : 0;
}

/** Tasks that wait to be taken, in order, and the failure that counts. */
class Work {
  readonly #tasks: readonly FileTask[];
  readonly #onWritten: OnWritten;
  #next = 0;
  #copies = 0;
  #failed: { readonly position: number; readonly error: unknown } | null = null;

  constructor(tasks: readonly FileTask[], onWritten: OnWritten) {
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

  done(batch: readonly FileTask[], { written, copies, failure }: WrittenBatch): void {
    this.#copies += copies;
    written.forEach((content, i) => {
      const task = batch[i];
      if (task !== undefined) this.#onWritten(task, content);
    });
    const failed = batch[written.length];
    if (failure === null || failed === undefined) return;
    // whoever takes batches takes them in order: all before the first failure have been tried, whatever the threads
    this.#fail(this.#tasks.indexOf(failed), errorOf(failure));
  }

  /** A thread broke down: that counts before anything else. */
  breakDown(error: unknown): void {
    this.#fail(-1, error);
  }

  /** Originals that are copies. @throws the failure that counts */
  end(): number {
    if (this.#failed !== null) throw this.#failed.error;
    return this.#copies;
  }

  #fail(position: number, error: unknown): void {
    if (this.#failed === null || position < this.#failed.position) this.#failed = { position, error };
  }
}
