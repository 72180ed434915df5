/** Keeps a long loop of synchronous calls polite: progress is told, Ctrl-C is heard. */
import { setImmediate } from 'node:timers/promises';
import { InterruptedError } from '../model/errors.ts';

export interface PaceOptions {
  readonly onProgress?: (done: { readonly files: number; readonly bytes: number; readonly totalFiles: number }) => void;
  readonly signal?: AbortSignal;
}

const BREATH = 50;

/** Counts what is done and lets other events in twenty times a second. */
export class Pace {
  readonly #options: PaceOptions;
  readonly #total: number;
  #files = 0;
  #bytes = 0;
  #last: number = performance.now();

  constructor(options: PaceOptions, total: number) {
    this.#options = options;
    this.#total = total;
  }

  /**
   * One file more.
   * @throws InterruptedError where the user asked to stop
   */
  async step(bytes: number): Promise<void> {
    this.count(bytes);
    await this.rest();
  }

  /** One file more, without a rest. */
  count(bytes: number): void {
    this.#files++;
    this.#bytes += bytes;
  }

  /**
   * A piece of work that is not counted.
   * @throws InterruptedError where the user asked to stop
   */
  async rest(): Promise<void> {
    if (performance.now() - this.#last >= BREATH) await this.breathe();
  }

  /** @throws InterruptedError where the user asked to stop */
  async breathe(): Promise<void> {
    this.#options.onProgress?.({ files: this.#files, bytes: this.#bytes, totalFiles: this.#total });
    await setImmediate();
    this.#last = performance.now();
    if (this.#options.signal?.aborted === true) throw new InterruptedError('interrupted; nothing was changed');
  }
}
