/** Reads the report that a cache keeps, with memory for a piece of it: file by file, or its rows as they are printed. */
import { decodeHead, decodeTally, TALLY_HEAD } from '../formats/kept-tallies.ts';
import { BETWEEN, rowsOf } from '../formats/row-list.ts';
import type { PlacedSection } from '../formats/sections.ts';
import type { FileRows } from '../model/report.ts';
import { fill } from './fill.ts';

/** Bytes that are read at a time, unless more belong together. */
const PIECE = 1024 * 1024;

/** Files with their rows, each valid until the next is asked for. `list`: all rows as elements, each with what stands before the next. */
export function* keptFiles(descriptor: number, tallies: PlacedSection, list: PlacedSection): Generator<FileRows> {
  const told = new SectionReader(descriptor, tallies);
  const rows = new SectionReader(descriptor, list);
  while (told.left > 0) {
    const lengths = decodeHead(told.take(TALLY_HEAD));
    yield new KeptFile(told.take(lengths.tally), rows.take(lengths.rows));
  }
}

class KeptFile implements FileRows {
  readonly #told: Buffer;
  readonly #elements: Buffer;

  constructor(told: Buffer, elements: Buffer) {
    this.#told = told;
    this.#elements = elements;
  }

  get tally(): FileRows['tally'] {
    return decodeTally(this.#told);
  }

  pieces(): Iterable<Buffer> {
    return [rowsOf(this.#elements)];
  }
}

/** All rows as one list has them, in pieces, each valid until the next is asked for. */
export function* keptList(descriptor: number, list: PlacedSection): Generator<Uint8Array> {
  const reader = new SectionReader(descriptor, { ...list, length: Math.max(0, list.length - BETWEEN.length) });
  while (reader.left > 0) yield reader.take(Math.min(PIECE, reader.left));
}

/** Reads a section from its start to its end. */
class SectionReader {
  readonly #descriptor: number;
  #buffer: Buffer;
  #held: Buffer;
  #next: number;
  readonly #end: number;

  constructor(descriptor: number, { start, length }: PlacedSection) {
    this.#descriptor = descriptor;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, length));
    this.#held = this.#buffer.subarray(0, 0);
    this.#next = start;
    this.#end = start + length;
  }

  /** Bytes that were not taken. */
  get left(): number {
    return this.#held.length + this.#end - this.#next;
  }

  /** The next bytes, valid until others are taken. */
  take(length: number): Buffer {
    if (this.#held.length < length) this.#readMore(length);
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  #readMore(length: number): void {
    const kept = this.#held;
    const buffer = length > this.#buffer.length ? Buffer.allocUnsafeSlow(length) : this.#buffer;
    kept.copy(buffer);
    const room = buffer.subarray(kept.length, kept.length + this.#end - this.#next);
    if (fill(this.#descriptor, room, this.#next) < room.length || kept.length + room.length < length)
      throw new Error('a scan cache was cut off while it was read');
    this.#next += room.length;
    this.#buffer = buffer;
    this.#held = buffer.subarray(0, kept.length + room.length);
  }
}
