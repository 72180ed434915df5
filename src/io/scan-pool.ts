/** Scans batches of files on worker threads and on the calling thread, which helps while the others have enough to do. Order is not kept. */
import { compileNeedles } from '../formats/needles.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { RuleOptions } from '../rules/rule.ts';
import { AnsweringWorker, canStart } from './answering-worker.ts';
import { BatchFiles, knowingFiles } from './batch-files.ts';
import type { Digests } from './file-claims.ts';
import { scanBatch, type ScanTools } from './file-scan.ts';
import { FindingRows } from './finding-rows.ts';
import { recordingProbe, type Noting } from './recording-probe.ts';
import type { Batch, BatchAnswer, OnPart, RowsPart, ScanTask, ToldBatch } from './scan-tasks.ts';
import { searchKernel } from './search-kernel.ts';
import { probeTree } from './tree-probe.ts';

/** What every thread needs to know. Plain JSON. */
export interface ScanSettings {
  /** The real path of the tree. */
  readonly root: AbsolutePath;
  readonly prefixes: readonly Prefix[];
  readonly options: RuleOptions;
  readonly digests: Digests;
  /** Set where a cache is to be made: what is noted for it. */
  readonly noting?: Noting;
}

export interface ScanPool {
  /** Takes a batch; resolves when there is room for another, not when it is done. */
  submit(batch: Batch): Promise<void>;
  /** Resolves when all batches so far are done, and told of. */
  settle(): Promise<void>;
  /** Ends the threads at once. */
  stop(): Promise<void>;
}

/** Who hears of what batches give. */
export interface ScanListener {
  /** What a batch gave, in no order. */
  onAnswer(answer: BatchAnswer, batch: Batch): void;
  /** What goes ahead of the answer of a batch. */
  onPart(part: RowsPart, batch: Batch): void;
}

/** An answer as it crosses threads: JSON, and what is transferred. */
export interface WrittenAnswer {
  readonly text: string;
  readonly rows: BatchAnswer['rows'];
}

/** Batches on their way to one thread: enough to keep it busy, few enough to bound memory. */
const BATCHES_AHEAD = 3;
/** As many batches the calling thread does alone: it is done before another thread has started and compiled the same code. */
const BATCHES_ALONE = 8;
/** What is read at a time. */
const BUFFER = 1024 * 1024;
/** Files above this size are searched in ranges, by all threads, or by a worker alone: the calling thread has to answer meanwhile. */
export const LARGE_FILE: number = 4 * 1024 * 1024;

/** Makes what one thread scans with. */
export function scanTools({ root, prefixes, options, digests, noting }: ScanSettings, limit: number): ScanTools {
  const needles = compileNeedles(prefixes);
  // the search may look far around a hit, where a prefix is long
  const size = Math.max(BUFFER, 4 * (needles.margin.behind + needles.margin.ahead));
  const kernel = searchKernel(needles, size);
  const probe = { ...probeTree(root, prefixes, options), marshalStrings: kernel.marshalStrings };
  const { context, ...seen } = noting === undefined ? { context: probe } : recordingProbe(probe, noting);
  const files = new BatchFiles();
  const rows = digests === 'none' ? new FindingRows() : null;
  return { root, needles, digests, rows, limit, kernel, files, context: knowingFiles(context, files), ...seen };
}

/**
 * A pool of at most `jobs` threads, the calling one among them; the others are started as there is work for them. Where threads can't run
 * (from sources) the calling thread does it all. An abort of the signal is thrown by whatever waits.
 */
export function scanPool(settings: ScanSettings, jobs: number, listener: ScanListener, signal?: AbortSignal): ScanPool {
  const program = new URL('./scan-worker.js', import.meta.url);
  const workers = canStart(program) ? jobs - 1 : 0;
  return new ThreadPool({ program, settings, workers, listener, signal });
}

interface PoolParts {
  readonly program: URL;
  readonly settings: ScanSettings;
  readonly workers: number;
  readonly listener: ScanListener;
  readonly signal: AbortSignal | undefined;
}

type Thread = AnsweringWorker<ToldBatch, WrittenAnswer, RowsPart>;

class ThreadPool implements ScanPool {
  readonly #parts: PoolParts;
  readonly #threads: Thread[] = [];
  #own: ScanTools | null = null;
  /** Batches that threads have, or that are not told of yet. */
  #open = 0;
  /** Held until it is known whether there are more; null where that is known. */
  #held: Batch[] | null = [];
  #failure: Error | null = null;
  #wake: () => void = () => {};

  constructor(parts: PoolParts) {
    this.#parts = parts;
    parts.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async submit(batch: Batch): Promise<void> {
    this.#check();
    if (this.#held === null || !batch.tasks.every(isQuickTask)) return this.#give(batch);
    this.#held.push(batch);
    if (this.#held.length <= BATCHES_ALONE) return;
    const held = this.#held;
    // others start before the first batch is done, not when those that one thread would do are
    this.#held = null;
    for (const each of held) await this.#give(each);
  }

  async #give(batch: Batch): Promise<void> {
    this.#check();
    const isQuick = batch.tasks.every(isQuickTask);
    const thread = this.#idlest();
    if (thread !== null && thread.jobs < BATCHES_AHEAD) return this.#send(thread, batch);
    if (thread === null || isQuick) return this.#doHere(batch);
    await this.#until(() => thread.jobs < BATCHES_AHEAD);
    this.#send(thread, batch);
  }

  async settle(): Promise<void> {
    for (let batch = this.#held?.shift(); batch !== undefined; batch = this.#held?.shift()) {
      this.#check();
      await this.#doHere(batch);
    }
    await this.#until(() => this.#open === 0);
  }

  async stop(): Promise<void> {
    this.#parts.signal?.removeEventListener('abort', this.#onAbort);
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  async #doHere(batch: Batch): Promise<void> {
    const { settings, workers, listener } = this.#parts;
    this.#own ??= scanTools(settings, workers > 0 ? LARGE_FILE : Infinity);
    listener.onAnswer(scanBatch(this.#own, batch, this.#partsOf(batch)), batch);
    // what the other threads say meanwhile is heard between batches
    await new Promise((resolve) => setImmediate(resolve));
  }

  #partsOf(batch: Batch): OnPart {
    return (part) => this.#parts.listener.onPart(part, batch);
  }

  readonly #onAbort = (): void => this.#wake();

  #check(): void {
    this.#parts.signal?.throwIfAborted();
    if (this.#failure !== null) throw this.#failure;
  }

  async #until(isReady: () => boolean): Promise<void> {
    for (;;) {
      this.#check();
      if (isReady()) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The worker with the least to do; a new one where all have something and there may be more; null where there are none. */
  #idlest(): Thread | null {
    let idlest: Thread | null = null;
    for (const thread of this.#threads) if (idlest === null || thread.jobs < idlest.jobs) idlest = thread;
    const mayGrow = this.#threads.length < this.#parts.workers;
    return mayGrow && (idlest === null || idlest.jobs > 0) ? this.#add() : idlest;
  }

  #add(): Thread {
    const thread: Thread = new AnsweringWorker(this.#parts.program, this.#parts.settings);
    this.#threads.push(thread);
    return thread;
  }

  #send(thread: Thread, batch: Batch): void {
    this.#open++;
    const { tasks, marked } = batch;
    void this.#hear(thread.run({ tasks, marked }, [], this.#partsOf(batch)), batch);
  }

  async #hear(answer: Promise<WrittenAnswer>, batch: Batch): Promise<void> {
    try {
      const { text, rows } = await answer;
      // written by scan-worker.ts
      this.#parts.listener.onAnswer({ ...(JSON.parse(text) as Omit<BatchAnswer, 'rows'>), rows }, batch);
      this.#open--;
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#wake();
  }
}

/** Whether the calling thread may do a task: it has to answer the user soon. */
function isQuickTask(task: ScanTask): boolean {
  if (typeof task === 'string' || task.kind === 'range') return true;
  return task.kind === 'claim' && task.seen.size <= LARGE_FILE;
}
