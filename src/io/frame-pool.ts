/** Makes frames on worker threads and on the calling thread, which helps while the others have enough to do. */
import { ArchiveError, StalePlanError } from '../model/errors.ts';
import { AnsweringWorker, canStart } from './answering-worker.ts';
import { FrameMaker } from './frame-maker.ts';
import type { FrameAnswer, FrameSettings, FrameTask, PackedFrame } from './frame-tasks.ts';

export interface FramePool {
  /** How many frames may be under way, or made and not yet written. */
  readonly room: number;
  /**
   * Where the calling thread makes the frame, that is done when this returns; let others be heard then.
   * @throws what `FrameMaker.make` throws
   */
  make(task: FrameTask): Promise<PackedFrame>;
  /** Ends the threads at once. */
  stop(): Promise<void>;
}

/** Frames are large and few: the garbage of small objects may be collected often. */
const YOUNG_MEGABYTES = 4;
/** Frames on their way to one thread: one that it makes, and one to go on with. */
const FRAMES_AHEAD = 2;
/** Frames that the calling thread makes before it starts others: a small tree is done by then. */
const FRAMES_ALONE = 2;
/** Frames that the calling thread may have made before their turn: it would wait for the others else. */
const FRAMES_EARLY = 4;

/** A pool of `jobs` threads, the calling one among them. Where threads can't run (from sources) the calling thread does it all. */
export async function framePool(settings: FrameSettings, jobs: number): Promise<FramePool> {
  const program = new URL('./pack-worker.js', import.meta.url);
  const workers = canStart(program) ? jobs - 1 : 0;
  return new ThreadPool(program, settings, workers, await FrameMaker.with(settings));
}

type Thread = AnsweringWorker<FrameTask, FrameAnswer>;

class ThreadPool implements FramePool {
  readonly room: number;
  readonly #program: URL;
  readonly #settings: FrameSettings;
  readonly #workers: number;
  readonly #threads: Thread[] = [];
  readonly #own: FrameMaker;
  #alone = FRAMES_ALONE;

  constructor(program: URL, settings: FrameSettings, workers: number, own: FrameMaker) {
    this.#program = program;
    this.#settings = settings;
    this.#workers = workers;
    this.#own = own;
    this.room = workers === 0 ? 1 : workers * FRAMES_AHEAD + FRAMES_EARLY;
  }

  async make(task: FrameTask): Promise<PackedFrame> {
    const thread = this.#alone-- > 0 ? null : this.#idlest();
    if (thread === null || thread.jobs >= FRAMES_AHEAD) return this.#own.make(task);
    const answer = await thread.run(task, task.head.length > 0 ? [task.head.buffer as ArrayBuffer] : []);
    if (answer.kind !== 'frame') throw errorOf(answer);
    return answer.frame;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** The worker with the least to do; a new one where all have something and there may be more; null where there are none. */
  #idlest(): Thread | null {
    let idlest: Thread | null = null;
    for (const thread of this.#threads) if (idlest === null || thread.jobs < idlest.jobs) idlest = thread;
    const mayGrow = this.#threads.length < this.#workers;
    return mayGrow && (idlest === null || idlest.jobs > 0) ? this.#add() : idlest;
  }

  #add(): Thread {
    const thread: Thread = new AnsweringWorker(this.#program, this.#settings, {
      maxYoungGenerationSizeMb: YOUNG_MEGABYTES,
    });
    this.#threads.push(thread);
    return thread;
  }
}

function errorOf(answer: Exclude<FrameAnswer, { readonly kind: 'frame' }>): Error {
  return answer.kind === 'archive' ? new ArchiveError(answer.rule, answer.message) : new StalePlanError(answer.message);
}
