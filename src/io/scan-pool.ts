/** Scans batches of files on worker threads, or on the calling thread where there is little to do. Order is not kept. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { compileNeedles } from '../formats/needles.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { RuleOptions } from '../rules/rule.ts';
import { fileScanner, type FileFinding, type FileScanner, type FileTask } from './file-scan.ts';
import { probeTree } from './tree-probe.ts';

/** What every thread needs to know. Plain JSON. */
export interface ScanSettings {
  /** The real path of the tree. */
  readonly root: AbsolutePath;
  readonly prefixes: readonly Prefix[];
  readonly options: RuleOptions;
  readonly digests: boolean;
}

export interface ScanPool {
  /** Takes a batch; resolves when there is room for another, not when it is done. */
  submit(batch: readonly FileTask[]): Promise<void>;
  /** Resolves when all batches are done; ends the threads. */
  finish(): Promise<void>;
  /** Ends the threads at once. */
  stop(): Promise<void>;
}

/** Batches on their way to one thread: enough to keep it busy, few enough to bound memory. */
const BATCHES_AHEAD = 3;

/** Makes the scanner of one thread. */
export function scannerFor(settings: ScanSettings): FileScanner {
  const context = probeTree(settings.root, settings.prefixes, settings.options);
  return fileScanner(settings.root, compileNeedles(settings.prefixes), context, settings.digests);
}

/** Told what a batch gave, in no order. */
export type OnFindings = (findings: readonly FileFinding[], batch: readonly FileTask[]) => void;

/**
 * A pool of at most `jobs` threads, started as there is work for them; with fewer than two, or where threads can't run (from
 * sources), the calling thread does it all. An abort of the signal is thrown by whatever waits.
 */
export function scanPool(settings: ScanSettings, jobs: number, onFindings: OnFindings, signal?: AbortSignal): ScanPool {
  const program = new URL('./scan-worker.js', import.meta.url);
  if (jobs < 2 || !existsSync(fileURLToPath(program))) return inlinePool(settings, onFindings);
  return new ThreadPool(program, settings, jobs, onFindings, signal);
}

function inlinePool(settings: ScanSettings, onFindings: OnFindings): ScanPool {
  let scanner: FileScanner | null = null;
  return {
    async submit(batch) {
      scanner ??= scannerFor(settings);
      onFindings(scanBatch(scanner, batch), batch);
      await new Promise((resolve) => setImmediate(resolve));
    },
    async finish() {},
    async stop() {},
  };
}

/** Scans one batch with a thread's scanner. */
export function scanBatch(scanner: FileScanner, batch: readonly FileTask[]): FileFinding[] {
  return batch.flatMap((task) => scanner.scan(task) ?? []);
}

interface Thread {
  readonly worker: Worker;
  readonly batches: (readonly FileTask[])[];
}

class ThreadPool implements ScanPool {
  readonly #start: () => Worker;
  readonly #jobs: number;
  readonly #onFindings: OnFindings;
  readonly #signal: AbortSignal | undefined;
  readonly #threads: Thread[] = [];
  #failure: Error | null = null;
  #wake: () => void = () => {};

  constructor(
    program: URL,
    settings: ScanSettings,
    jobs: number,
    onFindings: OnFindings,
    signal: AbortSignal | undefined,
  ) {
    // the options of the calling process (`--input-type`) are not for the worker's program
    this.#start = () => new Worker(program, { workerData: settings, execArgv: [] });
    this.#jobs = jobs;
    this.#onFindings = onFindings;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async submit(batch: readonly FileTask[]): Promise<void> {
    await this.#until(() => this.#threads.length < this.#jobs || this.#threads.some(hasRoom));
    const thread = this.#idlest();
    thread.batches.push(batch);
    thread.worker.postMessage(batch);
  }

  async finish(): Promise<void> {
    await this.#until(() => this.#threads.every(({ batches }) => batches.length === 0));
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  readonly #onAbort = (): void => this.#wake();

  async #until(isReady: () => boolean): Promise<void> {
    for (;;) {
      this.#signal?.throwIfAborted();
      if (this.#failure !== null) throw this.#failure;
      if (isReady()) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The thread with the least to do; a new one where all have something and there may be more. */
  #idlest(): Thread {
    let idlest: Thread | undefined;
    for (const thread of this.#threads)
      if (idlest === undefined || thread.batches.length < idlest.batches.length) idlest = thread;
    return idlest === undefined || (idlest.batches.length > 0 && this.#threads.length < this.#jobs)
      ? this.#add()
      : idlest;
  }

  #add(): Thread {
    const thread: Thread = { worker: this.#start(), batches: [] };
    thread.worker.on('message', (findings: readonly FileFinding[]) => {
      this.#onFindings(findings, thread.batches.shift() ?? []);
      this.#wake();
    });
    thread.worker.on('error', (error: Error) => {
      this.#failure = error;
      this.#wake();
    });
    this.#threads.push(thread);
    return thread;
  }
}

function hasRoom({ batches }: Thread): boolean {
  return batches.length < BATCHES_AHEAD;
}
