/** Makes frames on worker threads and on the calling thread, which helps while the others have enough to do. */
import { ArchiveError, StalePlanError } from '../model/errors.ts';
import { AnsweringWorker, canStart } from './answering-worker.ts';
import { ROOM_OF_FRAME } from './compression.ts';
import { FrameMaker } from './frame-maker.ts';
import type {
  FileSource,
  FrameSettings,
  FrameTask,
  Measured,
  PackAnswer,
  PackedFrame,
  PackJob,
} from './frame-tasks.ts';

export interface FramePool {
  /** How many frames may be under way, or made and not yet written; and how many batches of files that are measured. */
  readonly room: number;
  /** How many there may be where the caller goes on to fill memory: each of those has all of a frame in memory, not what became of it. */
  readonly roomWhileFilling: number;
  /** Bytes of the archive that a frame holds at most. */
  readonly frameBytes: number;
  /**
   * What the new bytes of some files come to. Where the calling thread measures them, that is done when this returns; let others be heard then.
   * @throws what `FrameMaker.measure` throws
   */
  measure(sources: readonly FileSource[]): Promise<readonly Measured[]>;
  /** The same of one file, by the calling thread. */
  measureNow(source: FileSource): Measured;
  /** Memory for what a frame begins with. */
  memory(): ArrayBuffer;
  /**
   * Makes a frame as `measure` measures. A head that stands in `memory()` is given away.
   * @throws what `FrameMaker.make` throws
   */
  make(task: FrameTask): Promise<PackedFrame>;
  /** A frame was written: its memory is used again. */
  done(frame: PackedFrame): void;
  /** Ends the threads at once. */
  stop(): Promise<void>;
}

/** Frames are large and few: the garbage of small objects may be collected often. */
const YOUNG_MEGABYTES = 4;
/** Jobs on their way to one thread: one that it does, and one to go on with. */
const JOBS_AHEAD = 2;
/** Jobs of each kind that the calling thread does before it starts others: a small tree is done by then. */
const JOBS_ALONE = 2;
/** Frames that the calling thread may have made before their turn: it would wait for the others else. */
const FRAMES_EARLY = 2;

/** A pool of `jobs` threads, the calling one among them. Where threads can't run (from sources) the calling thread does it all. */
export async function framePool(settings: FrameSettings, jobs: number): Promise<FramePool> {
  const program = new URL('./pack-worker.js', import.meta.url);
  const workers = canStart(program) ? jobs - 1 : 0;
  return new ThreadPool(program, settings, workers, await FrameMaker.with(settings));
}

type Thread = AnsweringWorker<PackJob, PackAnswer>;

class ThreadPool implements FramePool {
  readonly room: number;
  readonly roomWhileFilling: number;
  readonly frameBytes: number;
  readonly #program: URL;
  readonly #settings: FrameSettings;
  readonly #workers: number;
  readonly #threads: Thread[] = [];
  readonly #own: FrameMaker;
  /** Memory of frames that were written: new memory for each would have to be found by the garbage collector. */
  readonly #free: ArrayBuffer[] = [];
  readonly #alone = { frame: JOBS_ALONE, measure: JOBS_ALONE };

  constructor(program: URL, settings: FrameSettings, workers: number, own: FrameMaker) {
    this.#program = program;
    this.#settings = settings;
    this.#workers = workers;
    this.#own = own;
    this.frameBytes = own.frameBytes;
    this.room = workers === 0 ? 1 : workers * JOBS_AHEAD + FRAMES_EARLY;
    // one for each thread, the calling one among them
    this.roomWhileFilling = workers + 1;
  }

  async measure(sources: readonly FileSource[]): Promise<readonly Measured[]> {
    const thread = this.#threadFor('measure');
    if (thread === null) return sources.map((source) => this.#own.measure(source));
    const answer = await thread.run({ kind: 'measure', sources });
    if (answer.kind !== 'measured') throw errorOf(answer);
    return answer.measured;
  }

  measureNow(source: FileSource): Measured {
    return this.#own.measure(source);
  }

  memory(): ArrayBuffer {
    return this.#free.pop() ?? new ArrayBuffer(ROOM_OF_FRAME);
  }

  async make(task: FrameTask): Promise<PackedFrame> {
    const { buffer } = task.head;
    // the head is taken before the frame is put: its memory serves for both
    const room = task.head.length > 0 && buffer instanceof ArrayBuffer ? buffer : this.memory();
    const thread = this.#threadFor('frame');
    if (thread === null) return this.#own.make(task, room);
    const answer = await thread.run({ kind: 'frame', task, room }, [room]);
    if (answer.kind !== 'frame') throw errorOf(answer);
    return answer.frame;
  }

  done({ bytes: { buffer } }: PackedFrame): void {
    if (buffer instanceof ArrayBuffer) this.#free.push(buffer);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** Who does the next job; null for the calling thread. */
  #threadFor(kind: PackJob['kind']): Thread | null {
    const thread = this.#alone[kind]-- > 0 ? null : this.#idlest();
    return thread === null || thread.jobs >= JOBS_AHEAD ? null : thread;
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

function errorOf(answer: PackAnswer): Error {
  if (answer.kind === 'archive') return new ArchiveError(answer.rule, answer.message);
  return answer.kind === 'stale-plan'
    ? new StalePlanError(answer.message)
    : new Error(`a thread of the pack answers '${answer.kind}'`);
}
