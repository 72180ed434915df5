/** One run of the command line: where it prints, how it shows progress, how it is interrupted. */
import { UsageError } from '../model/errors.ts';
import { NO_PROGRESS, progressLine, type Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

interface SessionOptions {
  readonly quiet: boolean;
  readonly jobs: number | undefined;
  readonly isProgressRefused: boolean;
}

export class Session {
  readonly terminal: Terminal;
  readonly quiet: boolean;
  /** What the stages take as they are: threads and the signal of Ctrl-C. */
  readonly running: { readonly jobs?: number; readonly signal: AbortSignal };
  readonly #showsProgress: boolean;

  constructor(terminal: Terminal, options: SessionOptions, signal: AbortSignal) {
    this.terminal = terminal;
    this.quiet = options.quiet;
    this.running = { signal, ...(options.jobs === undefined ? {} : { jobs: checkedJobs(options.jobs) }) };
    this.#showsProgress =
      !options.quiet && !options.isProgressRefused && process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  }

  /** Runs something with a progress line that is gone when it ends. */
  async withProgress<Result>(label: string, run: (update: Progress['update']) => Promise<Result>): Promise<Result> {
    const progress = this.#showsProgress ? progressLine(process.stderr, label) : NO_PROGRESS;
    try {
      return await run((done) => progress.update(done));
    } finally {
      progress.clear();
    }
  }

  /** Says on stderr what the user should know of the run, and the result does not tell. */
  warn(sentence: string): void {
    if (!this.quiet) this.terminal.say(`${this.terminal.errorPaint('warn', 'relocate:')} ${sentence}`);
  }

  /** Prints a result, unless the user wants to hear nothing. */
  async print(lines: Iterable<string>): Promise<void> {
    if (!this.quiet) await this.terminal.lines(lines);
  }

  /** Prints a result in pieces that hold their own line ends. */
  async printPieces(pieces: Iterable<string | Uint8Array>): Promise<void> {
    if (!this.quiet) await this.terminal.pieces(pieces);
  }

  /** Prints bytes as they are. */
  async printBytes(bytes: Buffer): Promise<void> {
    if (!this.quiet) await this.terminal.bytes(bytes);
  }

  /** Prints a value as a JSON document. */
  async printJson(value: unknown): Promise<void> {
    await this.printPieces([`${JSON.stringify(value, null, 2)}\n`]);
  }
}

function checkedJobs(jobs: number): number {
  if (!Number.isInteger(jobs) || jobs < 1) throw new UsageError(`--jobs must be a whole number from 1, not '${jobs}'`);
  return jobs;
}
