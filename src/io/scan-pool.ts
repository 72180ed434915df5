/** Scans batches of files on worker threads, or on the calling thread where there is little to do. Order is not kept. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { compileNeedles } from '../formats/needles.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Launcher } from '../rules/rule.ts';
import { fileScanner, type FileFinding, type FileScanner, type FileTask } from './file-scan.ts';
import { probeTree } from './tree-probe.ts';

/** What every thread needs to know. Plain JSON. */
export interface ScanSettings {
  /** The real path of the tree. */
  readonly root: AbsolutePath;
  readonly prefixes: readonly Prefix[];
  readonly launcher: Launcher;
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
  const context = probeTree(settings.root, settings.prefixes, settings.launcher);
  return fileScanner(settings.root, compileNeedles(settings.prefixes), context, settings.digests);
}

/** A pool of `jobs` threads; with fewer than two, or where threads can't run (from sources), the calling thread does it all. */
export function scanPool(settings: ScanSettings, jobs: number, onFindings: (findings: readonly FileFinding[], batch: readonly FileTask[]) => void): ScanPool {
  const program = new URL('./scan-worker.js', import.meta.url);
  return jobs < 2 || !existsSync(fileURLToPath(program)) ? inlinePool(settings, onFindings) : threadPool(program, settings, jobs, onFindings);
}

function inlinePool(settings: ScanSettings, onFindings: (findings: readonly FileFinding[], batch: readonly FileTask[]) => void): ScanPool {
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

function threadPool(
  program: URL,
  settings: ScanSettings,
  jobs: number,
  onFindings: (findings: readonly FileFinding[], batch: readonly FileTask[]) => void,
): ScanPool {
  let failure: Error | null = null;
  let wake: () => void = () => {};
  const threads: Thread[] = Array.from({ length: jobs }, () => {
    const thread: Thread = { worker: new Worker(program, { workerData: settings }), batches: [] };
    thread.worker.on('message', (findings: readonly FileFinding[]) => {
      onFindings(findings, thread.batches.shift() ?? []);
      wake();
    });
    thread.worker.on('error', (error: Error) => {
      failure = error;
      wake();
    });
    return thread;
  });
  const until = async (ready: () => boolean): Promise<void> => {
    while (!ready()) {
      if (failure !== null) throw failure;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    if (failure !== null) throw failure;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  };
  const idlest = (): Thread | undefined => threads.reduce((best, thread) => (thread.batches.length < best.batches.length ? thread : best));
  return {
    async submit(batch) {
      await until(() => threads.some((thread) => thread.batches.length < BATCHES_AHEAD));
      const thread = idlest();
      thread?.batches.push(batch);
      thread?.worker.postMessage(batch);
    },
    async finish() {
      await until(() => threads.every((thread) => thread.batches.length === 0));
      await stop();
    },
    stop,
  };
}
