/** Renews the seals of a file on the way: the hashes of its own bytes that it holds. Pure; chunk by chunk. */
import { createHash, type Hash } from 'node:crypto';
import type { Seal } from '../model/seal.ts';

/** Bytes of the smallest page, so that the hashes of a file take little of it; those of programs have 4 or 16 KiB. */
export const LEAST_PAGE = 512;

/** How many hashes a seal has. */
export function pagesOf({ start, end, page }: Seal): number {
  return Math.ceil((end - start) / page);
}

/**
 * The bytes of a file with all its seals made anew. A chunk is valid until the next is asked for.
 * @throws RangeError where the file ends before its hashes do
 */
export function* renewSeals(chunks: Iterable<Buffer>, seals: readonly Seal[]): Generator<Buffer, void, void> {
  const pages = seals.map((seal) => new PageHashes(seal));
  let base = 0;
  for (const chunk of chunks) {
    for (const hashes of pages) hashes.read(chunk, base);
    const touched = pages.filter((hashes) => hashes.isIn(base, base + chunk.length));
    const copy = touched.length === 0 ? chunk : Buffer.from(chunk);
    for (const hashes of touched) hashes.writeTo(copy, base);
    base += chunk.length;
    yield copy;
  }
  if (pages.some(({ end }) => end > base)) throw new RangeError(`the file ends at ${base}, before its signature`);
}

/** The hashes of one seal, filled in as the bytes go by. */
class PageHashes {
  readonly end: number;
  readonly #seal: Seal;
  readonly #hashes: Buffer;
  #current: Hash | null = null;
  /** The first byte that has not been hashed. */
  #next: number;

  constructor(seal: Seal) {
    this.#seal = seal;
    this.#hashes = Buffer.alloc(pagesOf(seal) * seal.width);
    this.#next = seal.start;
    this.end = seal.at + this.#hashes.length;
  }

  read(chunk: Buffer, base: number): void {
    const { start, end, page, hash } = this.#seal;
    const stop = Math.min(end, base + chunk.length);
    while (this.#next < stop) {
      const index = Math.floor((this.#next - start) / page);
      const pageEnd = Math.min(end, start + (index + 1) * page);
      const to = Math.min(stop, pageEnd);
      this.#current ??= createHash(hash);
      this.#current.update(chunk.subarray(this.#next - base, to - base));
      this.#next = to;
      if (to === pageEnd) this.#finish(index);
    }
  }

  #finish(index: number): void {
    const { width } = this.#seal;
    this.#current?.digest().copy(this.#hashes, index * width, 0, width);
    this.#current = null;
  }

  isIn(from: number, to: number): boolean {
    return this.#seal.at < to && this.end > from;
  }

  /** Hashes stand behind what they hash, so they are known when their place comes. */
  writeTo(chunk: Buffer, base: number): void {
    const from = Math.max(this.#seal.at, base);
    this.#hashes.copy(
      chunk,
      from - base,
      from - this.#seal.at,
      Math.min(this.end, base + chunk.length) - this.#seal.at,
    );
  }
}
