/** A worker thread that answers jobs in the order in which it got them. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type ResourceLimits, type Transferable } from 'node:worker_threads';

/** Whether a worker's program is there: not where the sources run. */
export function canStart(program: URL): boolean {
  return existsSync(fileURLToPath(program));
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class AnsweringWorker<Job, Answer> {
  readonly #worker: Worker;
  readonly #waiting: Waiting<Answer>[] = [];
  #failure: Error | null = null;

  constructor(program: URL, workerData: unknown, resourceLimits?: ResourceLimits) {
    // the options of the calling process (`--input-type`) are not for the worker's program
    this.#worker = new Worker(program, { workerData, execArgv: [], ...(resourceLimits && { resourceLimits }) });
    this.#worker.on('message', (answer: Answer) => this.#waiting.shift()?.resolve(answer));
    this.#worker.on('error', (error: Error) => {
      this.#failure = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** Jobs that it has not answered. */
  get jobs(): number {
    return this.#waiting.length;
  }

  /** Rejects where the thread breaks down, or has. */
  run(job: Job, transferred: readonly Transferable[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(job, transferred);
    });
  }

  /** Ends it at once. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
