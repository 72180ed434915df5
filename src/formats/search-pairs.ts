/**
 * Which pairs of bytes the search kernel (assembly/search.ts) looks for: few and rare ones, of which every needle has one. The written forms of
 * a path share its letters, as bytes or as wide characters, so a letter with another behind it or a NUL does for most paths.
 */
import { byteFrequency, pairFrequency } from './byte-frequency.ts';

/** A needle with the offset of the pair by which it is found. */
export interface Row {
  readonly needle: number;
  readonly offset: number;
}

/** A byte at some distance from the first byte of its group. */
export interface Pair {
  readonly other: number;
  /** From the first byte to the other. */
  readonly distance: number;
  readonly rows: readonly Row[];
}

export interface PairGroup {
  readonly first: number;
  readonly pairs: readonly Pair[];
}

/** What a group and each of its pairs cost the kernel, in closer looks at a place: one takes as long as passing 2,500 without. */
const GROUP_COST = 0.0006;
const PAIR_COST = 0.0005;
/** The most bytes that are tried as the first of a group. */
const FIRSTS = 4;
/** How far apart the bytes of a pair may be. */
const REACH = 8;
const DISTANCES = 2 * REACH + 1;

/** Groups that serve all needles, each needle once; none of them is empty. */
export function pairGroups(needles: readonly Buffer[]): PairGroup[] {
  const groups: PairGroup[] = [];
  for (let left: readonly number[] = [...needles.keys()]; left.length > 0;) {
    const group = bestGroup(needles, left);
    groups.push(group);
    left = without(left, group.pairs);
  }
  return groups;
}

function without(left: readonly number[], pairs: readonly Pair[]): number[] {
  const served = new Set(pairs.flatMap(({ rows }) => rows.map(({ needle }) => needle)));
  return left.filter((needle) => !served.has(needle));
}

/** The group that costs least for the needles that it serves, where others will be needed for the rest. */
function bestGroup(needles: readonly Buffer[], left: readonly number[]): PairGroup {
  let best: PairGroup | null = null;
  let lowest = Infinity;
  for (const first of firstBytes(needles, left)) {
    const { group, cost, served } = groupOf(needles, left, first);
    const share = (served < left.length ? cost + GROUP_COST + PAIR_COST : cost) / served;
    if (share >= lowest) continue;
    best = group;
    lowest = share;
  }
  if (best === null) throw new Error('a needle is empty');
  return best;
}

/** Bytes that stand in many needles, then rare ones; NUL, which is everywhere, where there is nothing else. */
function firstBytes(needles: readonly Buffer[], left: readonly number[]): number[] {
  const counts = new Uint32Array(256);
  const seenIn = new Int32Array(256).fill(-1);
  const used: number[] = [];
  for (const needle of left) {
    const bytes = needles[needle];
    for (let i = 0; bytes !== undefined && i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      if (seenIn[byte] === needle) continue;
      if (seenIn[byte] === -1) used.push(byte);
      seenIn[byte] = needle;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
  }
  counts[0] = 0;
  used.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || byteFrequency(a) - byteFrequency(b));
  return used.slice(0, FIRSTS);
}

/** A needle, and the pairs that it has with a first byte, as numbers. */
interface Candidate {
  readonly needle: number;
  readonly keys: readonly number[];
}

/** The group with a first byte: again and again the pair that costs least for the needles that it serves, until all are that have this byte. */
function groupOf(
  needles: readonly Buffer[],
  left: readonly number[],
  first: number,
): { readonly group: PairGroup; readonly cost: number; readonly served: number } {
  const all: Candidate[] = [];
  for (const needle of left) {
    const keys = keysOf(needles[needle], first);
    if (keys.length > 0) all.push({ needle, keys });
  }
  const pairs: Pair[] = [];
  let cost = GROUP_COST;
  for (let candidates = all; candidates.length > 0;) {
    const key = bestKey(candidates, first);
    const [other, distance] = [otherOf(key), distanceOf(key)];
    const rows: Row[] = [];
    const rest: Candidate[] = [];
    for (const candidate of candidates) {
      const { needle, keys } = candidate;
      if (keys.includes(key)) rows.push({ needle, offset: offsetOf(needles[needle], first, other, distance) });
      else rest.push(candidate);
    }
    pairs.push({ other, distance, rows });
    cost += PAIR_COST + pairFrequency(first, other, distance);
    candidates = rest;
  }
  return { group: { first, pairs }, cost, served: all.length };
}

/** The pair that costs least for the needles that it serves. */
function bestKey(candidates: readonly Candidate[], first: number): number {
  const counts = new Uint32Array(256 * DISTANCES);
  for (const { keys } of candidates) for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  let best = 0;
  let lowest = Infinity;
  for (const { keys } of candidates)
    for (const key of keys) {
      const served = counts[key] ?? 0;
      counts[key] = 0;
      // those that several needles have are looked at once; no pair costs less than this
      if (served === 0 || PAIR_COST >= lowest * served) continue;
      const cost = (PAIR_COST + pairFrequency(first, otherOf(key), distanceOf(key))) / served;
      if (cost >= lowest) continue;
      best = key;
      lowest = cost;
    }
  return best;
}

/** The pairs with a first byte that a needle has, each once. Where it is one byte, that byte with itself. */
function keysOf(needle: Buffer | undefined, first: number): number[] {
  const keys: number[] = [];
  for (let at = needle?.indexOf(first) ?? -1; needle !== undefined && at >= 0; at = needle.indexOf(first, at + 1)) {
    const last = Math.min(needle.length - 1, at + REACH);
    for (let other = Math.max(0, at - REACH); other <= last; other++) {
      const key = (needle[other] ?? 0) * DISTANCES + other - at + REACH;
      if ((other !== at || needle.length === 1) && !keys.includes(key)) keys.push(key);
    }
  }
  return keys;
}

function otherOf(key: number): number {
  return Math.floor(key / DISTANCES);
}

function distanceOf(key: number): number {
  return (key % DISTANCES) - REACH;
}

/** Where a pair that a needle has stands in it first. */
function offsetOf(needle: Buffer | undefined, first: number, other: number, distance: number): number {
  let at = needle?.indexOf(first) ?? -1;
  while (needle !== undefined && at >= 0 && needle[at + distance] !== other) at = needle.indexOf(first, at + 1);
  return at;
}
