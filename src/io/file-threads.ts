/** Threads that write and read the files of a tree, the calling one among them: it works while the others have enough to do. */
import { AnsweringWorker, canStart } from './answering-worker.ts';
import { FileJobs } from './file-jobs.ts';
import type { FileAnswer, FileJob, FileSettings } from './file-tasks.ts';

/** Jobs on their way to one thread: one that it does, and two for while the calling thread is at one itself. */
const AHEAD = 3;
/** Jobs that the calling thread does before it starts others: a small tree is done by then. */
const ALONE = 2;
/** Of more threads the file system makes no more files a second, and each has a codec and buffers of its own. */
const MOST = 4;

/** Somebody who does jobs, one after the other. */
export interface FileThread {
  run(job: FileJob): Promise<FileAnswer>;
}

type WorkerThread = AnsweringWorker<FileJob, FileAnswer>;

export class FileThreads {
  readonly #settings: FileSettings;
  readonly #program: URL = new URL('./file-worker.js', import.meta.url);
  readonly #most: number;
  readonly #workers: WorkerThread[] = [];
  readonly #here: OwnThread;
  #alone = ALONE;

  /** At most `jobs` threads. Where threads can't run (from sources), or there is to be one only, the calling thread does it all. */
  constructor(settings: FileSettings, jobs: number) {
    this.#settings = settings;
    this.#most = canStart(this.#program) ? Math.min(jobs, MOST) - 1 : 0;
    this.#here = new OwnThread(settings);
  }

  /** Jobs that may be under way at a time. */
  get capacity(): number {
    return this.#most * AHEAD;
  }

  /** The thread with the least to do; the calling one where all have enough. What that is given is done before others are heard. */
  free(): FileThread {
    if (this.#alone-- > 0) return this.#here;
    const idlest = this.#workers.toSorted((a, b) => a.jobs - b.jobs)[0];
    if (idlest !== undefined && idlest.jobs === 0) return idlest;
    if (this.#workers.length < this.#most) return this.#start();
    return idlest !== undefined && idlest.jobs < AHEAD ? idlest : this.#here;
  }

  /** Ends the threads at once. */
  async stop(): Promise<void> {
    this.#here.drop();
    await Promise.all(this.#workers.map((thread) => thread.stop()));
  }

  #start(): WorkerThread {
    const thread: WorkerThread = new AnsweringWorker(this.#program, this.#settings);
    this.#workers.push(thread);
    return thread;
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
