/** Keeps the rows of files with very many references: they come in parts, and are read in parts, with memory for one. */
import { Spill } from './spill.ts';

/** Where a part lies. */
interface Extent {
  readonly from: number;
  readonly length: number;
}

export class LongRows {
  readonly #spill = new Spill();
  #extents = new Map<number, Extent[]>();

  /** Takes the next rows of a file. `key`: the place of the file in the walk. */
  append(key: number, rows: Uint8Array): void {
    const extent = { from: this.#spill.length, length: rows.length };
    const known = this.#extents.get(key);
    if (known === undefined) this.#extents.set(key, [extent]);
    else known.push(extent);
    this.#spill.append(rows);
  }

  /** The rows of a file, in parts, as often as is wanted. A part is valid until the next is asked for. */
  of(key: number): Iterable<Buffer> {
    return partsOf(this.#spill, this.#extents.get(key) ?? []);
  }

  /** Changes the rows of a file, part by part. */
  change(key: number, changed: (rows: Buffer) => Uint8Array): void {
    const before = this.of(key);
    this.#extents.set(key, []);
    for (const rows of before) this.append(key, changed(rows));
  }

  close(): void {
    this.#spill.close();
    this.#extents = new Map();
  }
}

function partsOf(spill: Spill, extents: readonly Extent[]): Iterable<Buffer> {
  return {
    *[Symbol.iterator]() {
      let buffer = Buffer.alloc(0);
      for (const { from, length } of extents) {
        if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
        const part = buffer.subarray(0, length);
        spill.read(from, part);
        yield part;
      }
    },
  };
}
