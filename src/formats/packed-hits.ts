/**
 * Hits as numbers: how they cross threads and wait in memory, as one file may have a million of them. Of each hit four numbers: where it starts, its
 * bytes, the index of its prefix, and twice the index of its escaping, one more where it is ambiguous.
 */
import type { Prefix } from '../model/prefix.ts';
import { ESCAPINGS } from './escaping.ts';
import type { Hit } from './needles.ts';

export type PackedHits = ArrayLike<number>;

/** Hits in their order: an array, or what makes them when they are asked for. */
export interface HitList {
  readonly length: number;
  /** The hits from one index up to another. */
  slice(from?: number, to?: number): readonly Hit[];
}

const NUMBERS = 4;

/** Adds hits to a list, which JSON can hold. */
export function packHits(hits: readonly Hit[], prefixes: readonly Prefix[], packed: number[] = []): number[] {
  for (const { start, end, prefix, escaping, ambiguous } of hits)
    packed.push(start, end - start, prefixes.indexOf(prefix), 2 * ESCAPINGS.indexOf(escaping) + Number(ambiguous));
  return packed;
}

/** Packed hits as a list. */
export class UnpackedHits implements HitList {
  readonly length: number;
  readonly #packed: PackedHits;
  readonly #prefixes: readonly Prefix[];

  /** `prefixes`: those by which they were packed. */
  constructor(packed: PackedHits, prefixes: readonly Prefix[]) {
    this.length = packed.length / NUMBERS;
    this.#packed = packed;
    this.#prefixes = prefixes;
  }

  slice(from = 0, to: number = this.length): readonly Hit[] {
    const count = Math.max(0, Math.min(to, this.length) - from);
    return Array.from({ length: count }, (_, index) => this.#at(NUMBERS * (from + index)));
  }

  #at(at: number): Hit {
    const packed = this.#packed;
    const [start = 0, length = 0, index = 0, kind = 0] = [packed[at], packed[at + 1], packed[at + 2], packed[at + 3]];
    const [prefix, escaping] = [this.#prefixes[index], ESCAPINGS[kind >> 1]];
    if (prefix === undefined || escaping === undefined) throw new Error('a packed hit is of no prefix or escaping');
    return { start, end: start + length, prefix, escaping, ambiguous: kind % 2 === 1 };
  }
}

/** Packed hits of several lists as one, in their order. */
export function joinHits(lists: readonly PackedHits[]): Float64Array {
  const joined = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    joined.set(list, at);
    at += list.length;
  }
  return joined;
}
