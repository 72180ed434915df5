/** Gives files of a tree to threads, batch by batch, as they are named. */
import type { FileAnswer, FileJob } from './file-tasks.ts';
import type { FileThreads } from './file-threads.ts';

/** Files of a batch, and about how many bytes. */
const MOST_FILES = 128;
const MOST_BYTES = 4 * 1024 * 1024;

export class FileBatches<Task> {
  readonly #threads: FileThreads;
  readonly #jobFor: (tasks: readonly Task[]) => FileJob;
  readonly #onAnswer: (answer: FileAnswer, tasks: readonly Task[]) => void;
  readonly #running = new Set<Promise<void>>();
  #tasks: Task[] = [];
  #bytes = 0;
  #broken: { readonly error: unknown } | null = null;

  /** `onAnswer` is told what came of the batches, in no order. */
  constructor(
    threads: FileThreads,
    jobFor: (tasks: readonly Task[]) => FileJob,
    onAnswer: (answer: FileAnswer, tasks: readonly Task[]) => void,
  ) {
    this.#threads = threads;
    this.#jobFor = jobFor;
    this.#onAnswer = onAnswer;
  }

  /** Takes a file of so many bytes; resolves when there is room for another. */
  async add(task: Task, size: number): Promise<void> {
    this.#tasks.push(task);
    this.#bytes += size;
    if (this.#tasks.length >= MOST_FILES || this.#bytes >= MOST_BYTES) await this.#send();
  }

  /** Resolves when all files were told of. */
  async settle(): Promise<void> {
    if (this.#tasks.length > 0) await this.#send();
    await Promise.all(this.#running);
    if (this.#broken !== null) throw this.#broken.error;
  }

  async #send(): Promise<void> {
    const tasks = this.#tasks;
    const job = this.#jobFor(tasks);
    this.#tasks = [];
    this.#bytes = 0;
    const run = this.#threads
      .free()
      .run(job)
      .then((answer) => this.#onAnswer(answer, tasks))
      .catch((error: unknown) => void (this.#broken ??= { error }))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
    if (this.#running.size > this.#threads.capacity) await Promise.race(this.#running);
    if (this.#broken !== null) throw this.#broken.error;
  }
}
