/** Text that is written once, piece by piece, and read again from its beginning: as bytes or line by line, with memory for neither. */
import { encodeBytes } from '../formats/byte-text.ts';
import { linesOf } from './lines.ts';
import { Spill } from './spill.ts';

/** Letters that are gathered before they become bytes. */
const GATHERED = 64 * 1024;
/** Bytes that are read at a time. */
const PIECE = 256 * 1024;

export class TextSpool {
  readonly #spill = new Spill();
  #gathered = '';

  append(text: string): void {
    this.#gathered += text;
    if (this.#gathered.length >= GATHERED) this.#put();
  }

  /** Bytes so far. */
  get length(): number {
    this.#put();
    return this.#spill.length;
  }

  /** All of it; a piece is valid until the next is asked for. */
  *pieces(): Generator<Buffer, void, void> {
    const { length } = this;
    const buffer = Buffer.allocUnsafe(Math.min(length, PIECE));
    for (let at = 0; at < length;) {
      const piece = buffer.subarray(0, Math.min(buffer.length, length - at));
      this.#spill.read(at, piece);
      yield piece;
      at += piece.length;
    }
  }

  /** Its lines, which end with a newline each, without it. */
  *lines(): Generator<string, void, void> {
    for (const line of linesOf(this.pieces())) yield line.toString('utf8');
  }

  close(): void {
    this.#spill.close();
    this.#gathered = '';
  }

  #put(): void {
    if (this.#gathered === '') return;
    this.#spill.append(encodeBytes(this.#gathered));
    this.#gathered = '';
  }
}
