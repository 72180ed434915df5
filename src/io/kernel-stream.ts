/** Finds prefixes in bytes that come in pieces, with a search kernel: the same hits as `HitStream` gives, in its order. */
import { judgeHits, type Hit, type Needles } from '../formats/needles.ts';
import { searchKernel, type SearchKernel } from './search-kernel.ts';

/** What is searched at a time; more where hits are judged by more. */
const WINDOW = 1024 * 1024;

export class KernelStream {
  readonly #needles: Needles;
  readonly #kernel: SearchKernel;
  /** Bytes in the kernel's buffer, and where the first of them stands in the whole. */
  #filled = 0;
  #base = 0;
  /** Offset from which hits have not been told yet. */
  #settled = 0;

  constructor(needles: Needles) {
    const { behind, ahead } = needles.margin;
    this.#needles = needles;
    this.#kernel = searchKernel(needles, Math.max(WINDOW, 4 * (behind + ahead)));
  }

  /** Takes a piece (it is not kept); gives hits that can be judged now. */
  push(piece: Buffer): Hit[] {
    const { buffer } = this.#kernel;
    const { behind, ahead } = this.#needles.margin;
    const hits: Hit[] = [];
    for (let at = 0; at < piece.length;) {
      const taken = piece.copy(buffer, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled < buffer.length) continue;
      hits.push(...this.#hitsUpTo(this.#filled - ahead));
      // wide text is judged by where it stands: a window begins at a multiple of 4
      const passed = (this.#filled - behind - ahead) & ~3;
      buffer.copyWithin(0, passed, this.#filled);
      this.#filled -= passed;
      this.#base += passed;
    }
    return hits;
  }

  /** Gives the other hits, when no more pieces come; what is pushed then belongs to another whole. */
  end(): Hit[] {
    const hits = this.#hitsUpTo(this.#filled);
    this.#filled = 0;
    this.#base = 0;
    this.#settled = 0;
    return hits;
  }

  #hitsUpTo(limit: number): Hit[] {
    const base = this.#base;
    const from = this.#settled - base;
    if (limit <= from) return [];
    this.#settled = base + limit;
    const bytes = this.#kernel.buffer.subarray(0, this.#filled);
    const found = judgeHits(bytes, this.#needles, this.#kernel.find(this.#filled), from, limit);
    return found.map((hit) => ({ ...hit, start: hit.start + base, end: hit.end + base }));
  }
}
