/** Threads that write and read the files of a tree, the calling one among them: it works while the others have enough to do. */
import { AnsweringWorker, canStart } from './answering-worker.ts';
import { FileJobs } from './file-jobs.ts';
import type { FileAnswer, FileJob, FileSettings } from './file-tasks.ts';

/** Jobs on their way to one thread: one that it does, and two for while the calling thread is at one itself. */
const AHEAD = 3;
/** Fewer bytes are done before another thread has started; what a file costs besides its own. */
const WORTH_A_THREAD: number = 16 * 1024 * 1024;
const FILE_COST = 4096;
/** Of more threads the file system makes no more files a second, and each has a codec and buffers of its own. */
const MOST = 4;

/** Somebody who does jobs, one after the other. */
export interface FileThread {
  run(job: FileJob): Promise<FileAnswer>;
}

type WorkerThread = AnsweringWorker<FileJob, FileAnswer>;

export class FileThreads {
  readonly #workers: readonly WorkerThread[];
  readonly #here: OwnThread;

  /**
   * At most `jobs` threads, for work on so many files; they start at once. Where threads can't run (from sources), or there is little to do, the calling
   * thread does it all.
   */
  constructor(
    settings: FileSettings,
    jobs: number,
    { files, bytes }: { readonly files: number; readonly bytes: number },
  ) {
    const program = new URL('./file-worker.js', import.meta.url);
    const worth = Math.floor((bytes + files * FILE_COST) / WORTH_A_THREAD);
    const others = canStart(program) ? Math.max(0, Math.min(jobs - 1, MOST - 1, worth)) : 0;
    this.#workers = Array.from({ length: others }, () => new AnsweringWorker(program, settings));
    this.#here = new OwnThread(settings);
  }

  /** Jobs that may be under way at a time. */
  get capacity(): number {
    return this.#workers.length * AHEAD;
  }

  /** The thread with the least to do; the calling one where all have enough. What that is given is done before others are heard. */
  free(): FileThread {
    const idlest = this.#workers.toSorted((a, b) => a.jobs - b.jobs)[0];
    return idlest !== undefined && idlest.jobs < AHEAD ? idlest : this.#here;
  }

  /** Ends the threads at once. */
  async stop(): Promise<void> {
    this.#here.drop();
    await Promise.all(this.#workers.map((thread) => thread.stop()));
  }
}

class OwnThread implements FileThread {
  readonly #settings: FileSettings;
  #tools: FileJobs | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(settings: FileSettings) {
    this.#settings = settings;
  }

  run(job: FileJob): Promise<FileAnswer> {
    const answer = this.#last.then(() => this.#do(job));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #do(job: FileJob): Promise<FileAnswer> {
    this.#tools ??= new FileJobs(this.#settings);
    const answer = await this.#tools.do(job);
    // what the others answered is heard before more is given out
    await new Promise((resolve) => setImmediate(resolve));
    return answer;
  }

  drop(): void {
    this.#tools?.drop();
  }
}
