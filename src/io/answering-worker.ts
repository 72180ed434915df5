/** A worker thread that answers jobs in the order in which it got them. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type ResourceLimits, type Transferable } from 'node:worker_threads';

/** Whether a worker's program is there: not where the sources run. */
export function canStart(program: URL): boolean {
  return existsSync(fileURLToPath(program));
}

/** What a thread tells ahead of an answer. */
export interface Ahead<Part> {
  readonly part: Part;
}

interface Waiting<Answer, Part> {
  readonly onPart: (part: Part) => void;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class AnsweringWorker<Job, Answer, Part = never> {
  readonly #worker: Worker;
  readonly #waiting: Waiting<Answer, Part>[] = [];
  #failure: Error | null = null;

  constructor(program: URL, workerData: unknown, resourceLimits?: ResourceLimits) {
    // the options of the calling process (`--input-type`) are not for the worker's program
    this.#worker = new Worker(program, { workerData, execArgv: [], ...(resourceLimits && { resourceLimits }) });
    this.#worker.on('message', (answer: Answer | Ahead<Part>) => {
      if (this.#isAhead(answer)) this.#waiting[0]?.onPart(answer.part);
      else this.#waiting.shift()?.resolve(answer);
    });
    this.#worker.on('error', (error: Error) => {
      this.#failure = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** Jobs that it has not answered. */
  get jobs(): number {
    return this.#waiting.length;
  }

  /** Rejects where the thread breaks down, or has. `onPart`: takes what is told ahead of the answer, in its order. */
  run(job: Job, transferred: readonly Transferable[] = [], onPart: (part: Part) => void = () => {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#waiting.push({ resolve, reject, onPart });
      this.#worker.postMessage(job, transferred);
    });
  }

  #isAhead(message: Answer | Ahead<Part>): message is Ahead<Part> {
    return typeof message === 'object' && message !== null && 'part' in message;
  }

  /** Ends it at once. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
