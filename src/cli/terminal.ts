/** Where a command's words go: results to stdout, everything else to stderr, colours only where a terminal shows them. */
import { colourPaint, plainPaint, type Paint } from '../reports/paint.ts';
import type { Style } from '../reports/style.ts';

interface Environment {
  readonly [name: string]: string | undefined;
}

/** What of a stream the choice of colours depends on. */
interface Screen {
  readonly isTTY?: boolean;
}

/** Whether to colour: --no-color, then FORCE_COLOR, then NO_COLOR (no-color.org), then whether it is a terminal that can. */
export function wantsColour(screen: Screen, isRefused: boolean, environment: Environment): boolean {
  if (isRefused) return false;
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: kind } = environment;
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if (refused !== undefined && refused !== '') return false;
  return screen.isTTY === true && kind !== 'dumb';
}

/** Bytes gathered before they are written: a system call for each line would be slow. */
const CHUNK = 64 * 1024;

export class Terminal {
  readonly style: Style;
  readonly errorPaint: Paint;
  /** The reader went away (`| head`): what is left to say is dropped, the work goes on to its end. */
  #isClosed = false;
  #failure: Error | null = null;

  constructor(isColourRefused: boolean) {
    const paintFor = (screen: Screen): Paint =>
      wantsColour(screen, isColourRefused, process.env) ? colourPaint : plainPaint;
    this.style = {
      paint: paintFor(process.stdout),
      columns: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
    };
    this.errorPaint = paintFor(process.stderr);
  }

  /** Stops a reader that went away, or a full disk, from ending the program. Called once. */
  watch(): void {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.#isClosed = true;
      if (error.code !== 'EPIPE') this.#failure = error;
    });
    process.stderr.on('error', () => {});
  }

  /** Why stdout could not be written, but for a reader that went away; null where all is well. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Writes lines, each with a line end. */
  async lines(lines: Iterable<string>): Promise<void> {
    await this.pieces(
      (function* () {
        for (const line of lines) yield `${line}\n`;
      })(),
    );
  }

  /** Writes pieces of text and bytes as they are, as fast as the reader takes them. A piece is done with before the next is asked for. */
  async pieces(pieces: Iterable<string | Uint8Array>): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let filled = 0;
    for (const piece of pieces) {
      // no UTF-16 unit takes more than 3 bytes of UTF-8
      const most = typeof piece === 'string' ? 3 * piece.length : piece.length;
      if (filled + most > CHUNK) {
        await this.#write(chunk.subarray(0, filled));
        filled = 0;
        if (this.#isClosed) return;
      }
      if (most > CHUNK) await this.#write(piece);
      else filled += put(chunk, piece, filled);
    }
    await this.#write(chunk.subarray(0, filled));
  }

  /** Writes bytes as they are. */
  async bytes(bytes: Buffer): Promise<void> {
    await this.#write(bytes);
  }

  /** A line on stderr. */
  say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  async #write(chunk: string | Uint8Array): Promise<void> {
    if (this.#isClosed || chunk.length === 0) return;
    await new Promise<void>((resolve) => {
      process.stdout.write(chunk, () => resolve());
    });
  }
}

function put(chunk: Buffer, piece: string | Uint8Array, at: number): number {
  if (typeof piece === 'string') return chunk.write(piece, at);
  chunk.set(piece, at);
  return piece.length;
}
