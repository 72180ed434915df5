/** Threads that write and read the files of a tree. The first jobs are done by the calling thread: a small tree is done by then. */
import { AnsweringWorker, canStart } from './answering-worker.ts';
import { FileJobs } from './file-jobs.ts';
import type { FileAnswer, FileJob, FileSettings } from './file-tasks.ts';

/** Jobs on their way to one thread: enough to keep it busy, few enough to bound memory. */
const AHEAD = 2;
/** Jobs that the calling thread does before it starts others. */
const ALONE = 2;

/** Somebody who does jobs, one after the other. */
export interface FileThread {
  readonly jobs: number;
}

type WorkerThread = AnsweringWorker<FileJob, FileAnswer>;

export class FileThreads {
  readonly #settings: FileSettings;
  readonly #program: URL = new URL('./file-worker.js', import.meta.url);
  readonly #most: number;
  readonly #workers: WorkerThread[] = [];
  readonly #here: OwnThread;
  #alone = ALONE;
  #wake: () => void = () => {};

  /** At most `jobs` threads. Where threads can't run (from sources), or there is to be one only, the calling thread does it all. */
  constructor(settings: FileSettings, jobs: number) {
    this.#settings = settings;
    this.#most = jobs > 1 && canStart(this.#program) ? jobs : 0;
    this.#here = new OwnThread(settings);
  }

  /** Jobs that may be under way at a time. */
  get capacity(): number {
    return Math.max(1, this.#most * AHEAD);
  }

  /** The thread with the least to do, when it has room for a job. */
  async free(): Promise<FileThread> {
    if (this.#most === 0 || this.#alone-- > 0) return this.#here;
    for (;;) {
      const thread = this.#idlest();
      if (thread.jobs < AHEAD) return thread;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The thread with the least to do, even where that is much: for jobs that others wait for. */
  soonest(): FileThread {
    return this.#most === 0 || this.#alone-- > 0 ? this.#here : this.#idlest();
  }

  /** Gives a job to a thread that `free` or `soonest` gave. Rejects where the thread broke down. */
  async run(thread: FileThread, job: FileJob): Promise<FileAnswer> {
    if (!(thread instanceof AnsweringWorker)) return this.#here.run(job);
    try {
      return await thread.run(job);
    } finally {
      this.#wake();
    }
  }

  /** Ends the threads at once. */
  async stop(): Promise<void> {
    this.#here.drop();
    await Promise.all(this.#workers.map((thread) => thread.stop()));
  }

  #idlest(): WorkerThread {
    const idlest = this.#workers.toSorted((a, b) => a.jobs - b.jobs)[0];
    if (idlest !== undefined && (idlest.jobs === 0 || this.#workers.length >= this.#most)) return idlest;
    const thread: WorkerThread = new AnsweringWorker(this.#program, this.#settings);
    this.#workers.push(thread);
    return thread;
  }
}

class OwnThread implements FileThread {
  readonly jobs: 0 = 0;
  readonly #settings: FileSettings;
  #tools: FileJobs | null = null;

  constructor(settings: FileSettings) {
    this.#settings = settings;
  }

  run(job: FileJob): Promise<FileAnswer> {
    this.#tools ??= new FileJobs(this.#settings);
    return this.#tools.do(job);
  }

  drop(): void {
    this.#tools?.drop();
  }
}
