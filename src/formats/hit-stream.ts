/** Finds prefixes in bytes that come in pieces: the same hits as in one big buffer, with little memory. */
import { findHits, type Hit, type Needles } from './needles.ts';

/** Told of each hit with the bytes around it, whose first one stands at `base`. */
export type OnHit = (hit: Hit, around: Buffer, base: number) => void;

export class HitStream {
  readonly #needles: Needles;
  readonly #onHit: OnHit | undefined;
  /** The last bytes of what came before, for the look back and for needles across the seam; its first byte is at `#base`. */
  #window: Buffer = Buffer.alloc(0);
  #base = 0;
  /** Offset from which hits have not been told yet. */
  #settled = 0;

  constructor(needles: Needles, onHit?: OnHit) {
    this.#needles = needles;
    this.#onHit = onHit;
  }

  /** Takes a piece (it is not kept); gives the hits that can be judged now, with their offsets in the whole. */
  push(piece: Buffer): Hit[] {
    const { behind, ahead } = this.#needles.margin;
    const window = this.#window.length === 0 ? piece : Buffer.concat([this.#window, piece]);
    const hits = this.#hitsUpTo(window, window.length - ahead);
    // wide text is judged by where it stands: a window begins at a multiple of 4
    const passed = Math.max(0, window.length - behind - ahead) & ~3;
    this.#base += passed;
    this.#window = Buffer.from(window.subarray(passed));
    return hits;
  }

  /** Gives the hits at the end, when no more pieces come. */
  end(): Hit[] {
    return this.#hitsUpTo(this.#window, this.#window.length);
  }

  #hitsUpTo(window: Buffer, limit: number): Hit[] {
    const from = this.#settled - this.#base;
    if (limit <= from) return [];
    const base = this.#base;
    this.#settled = base + limit;
    return findHits(window, this.#needles, from, limit).map((found) => {
      const hit = { ...found, start: found.start + base, end: found.end + base };
      this.#onHit?.(hit, window, base);
      return hit;
    });
  }
}
