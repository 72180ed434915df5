/** Counts a word in bytes that pass by, as narrow and as wide text: an independent check that every placeholder was filled in. */

/** Bytes of a character: narrow, UTF-16, UTF-32. */
const WIDTHS = [1, 2, 4] as const;

export class WordCount {
  readonly #needles: readonly Buffer[];
  readonly #reach: number;
  #tail: Buffer = Buffer.alloc(0);
  #count = 0;

  constructor(word: string) {
    this.#needles = WIDTHS.map((width) => spread(coreOf(word), width));
    this.#reach = Math.max(...this.#needles.map((needle) => needle.length));
  }

  /** Passes pieces on and counts what is in them. */
  *counting(pieces: Iterable<Buffer>): Generator<Buffer, void, void> {
    for (const piece of pieces) {
      this.#push(piece);
      yield piece;
    }
  }

  count(): number {
    return this.#count;
  }

  #push(piece: Buffer): void {
    const window = this.#tail.length === 0 ? piece : Buffer.concat([this.#tail, piece]);
    for (const needle of this.#needles) {
      // what fits into the tail alone was counted before
      const from = Math.max(0, this.#tail.length - needle.length + 1);
      for (let at = window.indexOf(needle, from); at >= 0; at = window.indexOf(needle, at + 1)) this.#count++;
    }
    this.#tail = Buffer.from(window.subarray(Math.max(0, window.length - this.#reach)));
  }
}

/** Only the letters and `_` inside the word are looked for: punctuation around them is escaped in many ways. */
export function coreOf(word: string): string {
  return /[A-Za-z0-9_]+/.exec(word)?.[0] ?? word;
}

/** The word with NULs between its characters, none behind the last: the same for both byte orders. */
function spread(word: string, width: number): Buffer {
  const bytes = Buffer.alloc((word.length - 1) * width + 1);
  for (let i = 0; i < word.length; i++) bytes[i * width] = word.charCodeAt(i);
  return bytes;
}
