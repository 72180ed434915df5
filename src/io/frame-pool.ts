/** Makes frames on worker threads, several at a time; with one job, or where threads can't run (from sources), on the calling thread. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ArchiveError, StalePlanError } from '../model/errors.ts';
import { FrameMaker } from './frame-maker.ts';
import type { FrameAnswer, FrameSettings, FrameTask, PackedFrame } from './frame-tasks.ts';

export interface FramePool {
  /** How many frames may be under way at a time. */
  readonly room: number;
  /** @throws what `FrameMaker.make` throws */
  make(task: FrameTask): Promise<PackedFrame>;
  /** Ends the threads at once. */
  stop(): Promise<void>;
}

/** Frames are large and few: the garbage of small objects may be collected often. */
const YOUNG_MEGABYTES = 4;
/** Frames on their way to one thread: one that it makes, and one to go on with. */
const FRAMES_AHEAD = 2;

export async function framePool(settings: FrameSettings, jobs: number): Promise<FramePool> {
  const program = new URL('./pack-worker.js', import.meta.url);
  return jobs > 1 && existsSync(fileURLToPath(program))
    ? new ThreadPool(program, settings, jobs)
    : new LonePool(await FrameMaker.with(settings));
}

class LonePool implements FramePool {
  readonly room: number = 1;
  readonly #maker: FrameMaker;

  constructor(maker: FrameMaker) {
    this.#maker = maker;
  }

  async make(task: FrameTask): Promise<PackedFrame> {
    return this.#maker.make(task);
  }

  async stop(): Promise<void> {}
}

interface Waiting {
  resolve(frame: PackedFrame): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  /** In the order in which the thread answers. */
  readonly waiting: Waiting[];
}

class ThreadPool implements FramePool {
  readonly room: number;
  readonly #program: URL;
  readonly #settings: FrameSettings;
  readonly #jobs: number;
  readonly #threads: Thread[] = [];

  constructor(program: URL, settings: FrameSettings, jobs: number) {
    this.#program = program;
    this.#settings = settings;
    this.#jobs = jobs;
    this.room = jobs * FRAMES_AHEAD;
  }

  make(task: FrameTask): Promise<PackedFrame> {
    const { worker, waiting } = this.#idlest();
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(task, task.head.length > 0 ? [task.head.buffer as ArrayBuffer] : []);
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  /** The thread with the least to do; a new one where all have something. */
  #idlest(): Thread {
    let idlest: Thread | null = null;
    for (const thread of this.#threads)
      if (idlest === null || thread.waiting.length < idlest.waiting.length) idlest = thread;
    return idlest === null || (idlest.waiting.length > 0 && this.#threads.length < this.#jobs) ? this.#add() : idlest;
  }

  #add(): Thread {
    // the options of the calling process (`--input-type`) are not for the worker's program
    const worker = new Worker(this.#program, {
      workerData: this.#settings,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    const thread: Thread = { worker, waiting: [] };
    worker.on('message', (answer: FrameAnswer) => {
      const next = thread.waiting.shift();
      if (answer.kind === 'frame') next?.resolve(answer.frame);
      else next?.reject(errorOf(answer));
    });
    worker.on('error', (error: Error) => {
      for (const { reject } of thread.waiting.splice(0)) reject(error);
    });
    this.#threads.push(thread);
    return thread;
  }
}

function errorOf(answer: Exclude<FrameAnswer, { readonly kind: 'frame' }>): Error {
  return answer.kind === 'archive' ? new ArchiveError(answer.rule, answer.message) : new StalePlanError(answer.message);
}
