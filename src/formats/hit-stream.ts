/** Finds prefixes in bytes that come in pieces: the same hits as in one big buffer, with little memory. */
import { findNeedles, judgeHits, type Finder, type Hit, type Needles } from './needles.ts';

/** Told of each hit with the bytes around it, whose first one stands at `base`. */
export type OnHit = (hit: Hit, around: Buffer, base: number) => void;

export class HitStream {
  readonly #needles: Needles;
  readonly #onHit: OnHit | undefined;
  readonly #find: Finder;
  /** The last bytes of what came before, for the look back and for needles across the seam; its first byte is at `#base`. */
  #window: Buffer = Buffer.alloc(0);
  #base = 0;
  /** Offset from which hits have not been told yet. */
  #settled = 0;

  /** `find`: a quicker search for the same needles, where there is one. */
  constructor(needles: Needles, onHit?: OnHit, find: Finder = (bytes) => findNeedles(bytes, needles)) {
    this.#needles = needles;
    this.#onHit = onHit;
    this.#find = find;
  }

  /** Takes a piece (it is not kept); gives the hits that can be judged now, with their offsets in the whole. */
  push(piece: Buffer): Hit[] {
    const { behind, ahead } = this.#needles.margin;
    const length = this.#window.length + piece.length;
    // wide text is judged by where it stands: a window begins at a multiple of 4
    const passed = Math.max(0, length - behind - ahead) & ~3;
    if (!this.#mayHold(piece)) {
      this.#settle(length - ahead);
      this.#window = this.#tailWith(piece, passed);
      this.#base += passed;
      return [];
    }
    const window = this.#window.length === 0 ? piece : Buffer.concat([this.#window, piece]);
    const hits = this.#hitsUpTo(window, length - ahead);
    this.#base += passed;
    this.#window = Buffer.from(window.subarray(passed));
    return hits;
  }

  /** Gives the hits at the end, when no more pieces come. */
  end(): Hit[] {
    return this.#hitsUpTo(this.#window, this.#window.length);
  }

  /** Gives the hits of all there is, where it comes in one piece. */
  whole(bytes: Buffer): Hit[] {
    return this.#hitsUpTo(bytes, bytes.length);
  }

  /** Whether a needle stands in a piece, in what is left from before it, or across their seam. Most pieces need not be copied to know. */
  #mayHold(piece: Buffer): boolean {
    if (this.#find(piece).length > 0) return true;
    if (this.#window.length === 0) return false;
    const longest = this.#needles.needles[0]?.bytes.length ?? 0;
    return this.#find(Buffer.concat([this.#window, piece.subarray(0, longest)])).length > 0;
  }

  /** What is left of the window and a piece behind it without their first `passed` bytes. */
  #tailWith(piece: Buffer, passed: number): Buffer {
    const left = this.#window.length - passed;
    return left <= 0 ? Buffer.from(piece.subarray(-left)) : Buffer.concat([this.#window.subarray(passed), piece]);
  }

  /** Gives where to begin in the window; null where all before `limit` was told. */
  #settle(limit: number): number | null {
    const from = this.#settled - this.#base;
    if (limit <= from) return null;
    this.#settled = this.#base + limit;
    return from;
  }

  #hitsUpTo(window: Buffer, limit: number): Hit[] {
    const base = this.#base;
    const from = this.#settle(limit);
    if (from === null) return [];
    return judgeHits(window, this.#needles, this.#find(window), from, limit).map((found) => {
      const hit = { ...found, start: found.start + base, end: found.end + base };
      this.#onHit?.(hit, window, base);
      return hit;
    });
  }
}
