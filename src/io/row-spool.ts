/** Keeps records of rows, in whatever order they come, and gives them back in the order of their keys, with memory for neither. */
import { keyAt, recordAt, recordLength, type RowRecord } from '../formats/row-records.ts';
import { Spill } from './spill.ts';

/** Records that stand one after another with rising keys. */
interface Run {
  readonly first: number;
  readonly from: number;
  readonly length: number;
}

/** A run is read whole: it ends where it is longer, unless it is one record. */
const LONGEST_RUN = 512 * 1024;

export class RowSpool {
  readonly #spill = new Spill();
  readonly #runs: Run[] = [];

  /** Takes records that stand one after another. */
  append(bytes: Buffer): void {
    let run: { first: number; from: number; length: number } | null = null;
    let last = -1;
    const base = this.#spill.length;
    for (let at = 0; at < bytes.length;) {
      const key = keyAt(bytes, at);
      const length = recordLength(bytes, at);
      if (run === null || key < last || run.length + length > LONGEST_RUN) {
        run = { first: key, from: base + at, length: 0 };
        this.#runs.push(run);
      }
      run.length += length;
      at += length;
      last = key;
    }
    this.#spill.append(bytes);
  }

  /** All records by key; those with the same key follow each other as they came. A record is valid until the next is asked for. */
  *inOrder(): Generator<RowRecord> {
    const waiting = this.#runs
      .map((run, index) => ({ run, index }))
      .sort((a, b) => b.run.first - a.run.first || b.index - a.index);
    const open: Cursor[] = [];
    const spare: Buffer[] = [];
    for (;;) {
      const next = lowest(open);
      const candidate = waiting.at(-1);
      if (candidate !== undefined && (next === null || isBefore(candidate.run.first, candidate.index, next))) {
        waiting.pop();
        open.push(new Cursor(this.#spill, candidate.run, candidate.index, spare.pop()));
        continue;
      }
      if (next === null) return;
      yield next.record;
      if (next.advance()) continue;
      open.splice(open.indexOf(next), 1);
      spare.push(next.buffer);
    }
  }

  close(): void {
    this.#spill.close();
  }
}

/** A run that is being read. */
class Cursor {
  readonly buffer: Buffer;
  readonly index: number;
  record: RowRecord;
  readonly #length: number;
  #at = 0;

  constructor(spill: Spill, { from, length }: Run, index: number, spare: Buffer | undefined) {
    this.buffer =
      spare !== undefined && spare.length >= length ? spare : Buffer.allocUnsafeSlow(Math.max(length, 64 * 1024));
    spill.read(from, this.buffer.subarray(0, length));
    this.index = index;
    this.#length = length;
    this.record = recordAt(this.buffer, 0);
  }

  /** Goes on to the next record; false where there is none. */
  advance(): boolean {
    this.#at += this.record.bytes.length;
    if (this.#at >= this.#length) return false;
    this.record = recordAt(this.buffer, this.#at);
    return true;
  }
}

function lowest(open: readonly Cursor[]): Cursor | null {
  let best: Cursor | null = null;
  for (const cursor of open) if (best === null || isBefore(cursor.record.key, cursor.index, best)) best = cursor;
  return best;
}

function isBefore(key: number, index: number, cursor: Cursor): boolean {
  return key < cursor.record.key || (key === cursor.record.key && index < cursor.index);
}
