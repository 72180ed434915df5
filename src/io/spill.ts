/** Bytes that are kept in memory while they are few, and in a temporary file beyond that; the file has no name, so nothing is left behind. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { showBytes } from '../formats/byte-text.ts';
import { UsageError } from '../model/errors.ts';
import { fill } from './fill.ts';
import { reasonOf } from './reasons.ts';

const BLOCK = 256 * 1024;
/** Blocks that stay in memory, unless fewer are asked for. */
const BLOCKS_HELD = 4;

export class Spill {
  #length = 0;
  readonly #held: Buffer[] = [];
  /** The block that is being filled, where it is not one of those held, and which it is. */
  #last: Buffer | null = null;
  #lastIndex = -1;
  #file: number | null = null;

  /** Where the next bytes will be. */
  get length(): number {
    return this.#length;
  }

  /** @throws UsageError where the folder of temporary files has no room, or can't be written to */
  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = this.#length % BLOCK;
      const part = bytes.subarray(done, done + BLOCK - at);
      this.#blockToFill().set(part, at);
      done += part.length;
      this.#length += part.length;
    }
  }

  /** Fills a buffer with the bytes from an offset. */
  read(from: number, into: Buffer): void {
    for (let done = 0; done < into.length;) {
      const index = Math.floor((from + done) / BLOCK);
      const at = (from + done) % BLOCK;
      const part = into.subarray(done, done + BLOCK - at);
      const held = this.#held[index] ?? (index === this.#lastIndex ? this.#last : null);
      if (held === null) this.#readFile((index - BLOCKS_HELD) * BLOCK + at, part);
      else held.copy(part, 0, at, at + part.length);
      done += part.length;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#held.length = 0;
    this.#last = null;
  }

  #blockToFill(): Buffer {
    const index = Math.floor(this.#length / BLOCK);
    const held = this.#held[index];
    if (held !== undefined) return held;
    if (index < BLOCKS_HELD) {
      const block = Buffer.allocUnsafeSlow(BLOCK);
      this.#held.push(block);
      return block;
    }
    this.#last ??= Buffer.allocUnsafeSlow(BLOCK);
    if (this.#lastIndex >= 0 && this.#lastIndex < index)
      this.#writeFile(this.#last, (this.#lastIndex - BLOCKS_HELD) * BLOCK);
    this.#lastIndex = index;
    return this.#last;
  }

  #writeFile(block: Buffer, position: number): void {
    try {
      this.#file ??= openNameless();
      for (let at = 0; at < block.length;) at += writeSync(this.#file, block, at, block.length - at, position + at);
    } catch (error) {
      throw new UsageError(
        `temporary files can't be written to ${showBytes(tmpdir())}: ${reasonOf(error)}; TMPDIR names another folder`,
      );
    }
  }

  #readFile(position: number, into: Buffer): void {
    if (this.#file === null) throw new Error('what is read was not written');
    if (fill(this.#file, into, position) < into.length)
      throw new Error('a temporary file is shorter than what was written to it');
  }
}

/** A file whose name is gone before anyone else runs. */
function openNameless(): number {
  const place = join(tmpdir(), `relocate-${randomBytes(8).toString('hex')}`);
  const file = openSync(place, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  unlinkSync(place);
  return file;
}
