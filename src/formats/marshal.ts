/**
 * Reads CPython's marshal format far enough to find the string objects in which something stands, and what each is used for. The source
 * of the layout is CPython's Python/marshal.c (`r_object`); byte-code versions differ only in the fields of a code object.
 * Iterative, bounded by the buffer: broken input gives a `MarshalFailure`, never an exception.
 */
import { CONSTANT, type CodeLayout } from './marshal-layouts.ts';
import { KeptStrings, type MarshalString } from './marshal-strings.ts';
import { KIND, PYTHON_2, PYTHON_3 } from './marshal-types.ts';

export interface MarshalFailure {
  readonly ok: false;
  readonly why: 'cut-short' | 'unknown-type' | 'bad-reference' | 'too-deep';
  /** Offset of the object that could not be read. */
  readonly at: number;
}

export type Marshal =
  { readonly ok: true; readonly strings: readonly MarshalString[]; readonly end: number } | MarshalFailure;

/** CPython's MAX_MARSHAL_STACK_DEPTH. */
const MAX_DEPTH = 2000;
/** `left` of an object that ends with a NULL object; it counts down from there. */
const UNTIL_NULL = -1;
/** `use` of a code object, whose parts have uses of their own: those before the number of its first line, and those behind. */
const BEFORE_LINE = -1;
const BEHIND_LINE = -2;
/** `use` and `left` of the objects around the innermost one. One reader uses them at a time. */
const frames = new Int32Array(2 * MAX_DEPTH);
/** Behind every place, and before. */
const NOWHERE = 0x7fffffff;
const BEFORE_ALL = -1;

/**
 * Reads the object at `start`, and gives the strings in whose payload one of the places (offsets, sorted) is; all strings, where no places
 * are given.
 * @example readMarshal(pyc, 16, LAYOUTS['3.11'])
 */
export function readMarshal(
  bytes: Uint8Array,
  start: number,
  layout: CodeLayout,
  places: readonly number[] | null = null,
): Marshal {
  return new Reader(bytes, start, layout, places).read();
}

/** Whether an object may begin with the first byte: with that of most texts none does. */
export function mayBeMarshal(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return PYTHON_2.kind[first] !== KIND.unknown || PYTHON_3.kind[first] !== KIND.unknown;
}

/** Gives the strings in whose payload one of the places is; null where the object can't be read. */
export type MarshalStrings = (
  bytes: Uint8Array,
  start: number,
  layout: CodeLayout,
  places: readonly number[],
) => readonly MarshalString[] | null;

export const marshalStrings: MarshalStrings = (bytes, start, layout, places) => {
  const marshal = readMarshal(bytes, start, layout, places);
  return marshal.ok ? marshal.strings : null;
};

class Reader {
  readonly #bytes: Uint8Array;
  readonly #layout: CodeLayout;
  readonly #places: readonly number[] | null;
  readonly #kept = new KeptStrings();
  #nextPlace = 0;
  #at: number;
  /** Of the innermost object that has parts still to come: what they are used for, and how many they are. */
  #use = CONSTANT;
  #left = 1;
  #depth = 0;

  constructor(bytes: Uint8Array, start: number, layout: CodeLayout, places: readonly number[] | null) {
    this.#bytes = bytes;
    this.#at = start;
    this.#layout = layout;
    this.#places = places;
  }

  /** One loop over numbers with few branches that can go either way: a file has a thousand objects, and a tree thousands of files. */
  read(): Marshal {
    const bytes = this.#bytes;
    const size = bytes.length;
    const view = new DataView(bytes.buffer, bytes.byteOffset, size);
    const types = this.#layout.python2 ? PYTHON_2 : PYTHON_3;
    const kept = this.#kept;
    let [at, left, referable] = [this.#at, this.#left, 0];
    let place = this.#placeFrom(0);
    for (;;) {
      const objectAt = at;
      if (at >= size) return failure('cut-short', objectAt);
      left--;
      const byte = bytes[at++] ?? 0;
      const kind = types.kind[byte] ?? KIND.unknown;
      const count = (at + 4 <= size ? view.getInt32(at, true) : lastBytes(bytes, at)) & (types.count[byte] ?? 0);
      at += types.size[byte] ?? 0;
      if (kind <= KIND.string) {
        const refers = types.refers[byte] ?? 0;
        at += count * (types.counted[byte] ?? 0);
        if (at > size || (count < 0 && refers === 0)) return failure('cut-short', objectAt);
        if (((count + 1) & refers) > referable || (count & refers) < 0) return failure('bad-reference', objectAt);
        if ((kept.mayHold(count) & refers) !== 0) kept.refer(count, this.#useAt(left));
        if (place < at) {
          const reference = types.referable[byte] === 1 ? referable : null;
          if (kind === KIND.string) this.#keep(objectAt, at - count, at, left, reference);
          place = this.#placeFrom(at);
        }
      } else {
        [this.#at, this.#left] = [at, left];
        const why = this.#readOther(kind, count);
        if (why !== null) return failure(why, objectAt);
        [at, left] = [this.#at, this.#left];
      }
      referable += types.referable[byte] ?? 0;
      if (left !== 0) continue;
      this.#at = at;
      this.#close();
      if (this.#left === 0) return { ok: true, strings: kept.strings(), end: at };
      [at, left] = [this.#at, this.#left];
      if (at > size) return failure('cut-short', objectAt);
    }
  }

  /** Objects that are more than a number of bytes. */
  #readOther(kind: number, count: number): MarshalFailure['why'] | null {
    switch (kind) {
      case KIND.twoDigits:
        this.#at += count;
        this.#at += 1 + (this.#bytes[this.#at] ?? 0);
        break;
      case KIND.bigNumber:
        this.#at += 2 * Math.abs(count);
        break;
      case KIND.null:
        if (this.#use < 0 || this.#left >= 0) return 'unknown-type';
        this.#left = 0;
        break;
      case KIND.unknown:
        return 'unknown-type';
      default:
        return this.#open(kind, count);
    }
    return this.#at > this.#bytes.length ? 'cut-short' : null;
  }

  /** Each part takes at least a byte, so a false count ends with the buffer. */
  #open(kind: number, count: number): MarshalFailure['why'] | null {
    if (count < 0) return 'cut-short';
    if (this.#depth === MAX_DEPTH) return 'too-deep';
    const use = this.#useAt(this.#left);
    frames[2 * this.#depth] = this.#use;
    frames[2 * this.#depth + 1] = this.#left;
    this.#depth++;
    if (kind === KIND.code) {
      this.#at += 4 * this.#layout.numbers;
      this.#use = BEFORE_LINE;
      this.#left = this.#layout.before.length;
    } else {
      this.#use = use;
      this.#left = kind === KIND.slice ? 3 : kind === KIND.dict ? UNTIL_NULL : count;
    }
    return this.#at > this.#bytes.length ? 'cut-short' : null;
  }

  /** Goes back from an object whose last part was read to one that has more; where there is none, nothing is left. */
  #close(): void {
    this.#left = 0;
    while (this.#left === 0) {
      if (this.#use === BEFORE_LINE) {
        this.#at += 4;
        this.#use = BEHIND_LINE;
        this.#left = this.#layout.behind.length;
      } else if (this.#depth === 0) return;
      else {
        this.#depth--;
        this.#use = frames[2 * this.#depth] ?? 0;
        this.#left = frames[2 * this.#depth + 1] ?? 0;
      }
    }
  }

  /** What a part is used for that has `left` parts behind it. */
  #useAt(left: number): number {
    if (this.#use >= 0) return this.#use;
    const fields = this.#use === BEFORE_LINE ? this.#layout.before : this.#layout.behind;
    return fields[fields.length - 1 - left] ?? 0;
  }

  #keep(start: number, payload: number, end: number, left: number, reference: number | null): void {
    if (this.#places !== null && this.#placeFrom(payload) >= end) return;
    this.#kept.add(start, payload, end, this.#bytes[start] ?? 0, this.#useAt(left), reference);
  }

  /** The first place at or behind an offset. */
  #placeFrom(offset: number): number {
    if (this.#places === null) return BEFORE_ALL;
    let place = this.#places[this.#nextPlace] ?? NOWHERE;
    while (place < offset) place = this.#places[++this.#nextPlace] ?? NOWHERE;
    return place;
  }
}

/** As many of the next four bytes as there are, as a little-endian number. */
function lastBytes(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}

function failure(why: MarshalFailure['why'], at: number): MarshalFailure {
  return { ok: false, why, at };
}
