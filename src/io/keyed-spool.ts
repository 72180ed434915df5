/** Values of plain JSON under keys: kept as bytes, in whatever order they come, and given back in the order of the keys, as often as asked. */
import { RECORD_HEAD, RecordWriter } from '../formats/row-records.ts';
import { RowSpool } from './row-spool.ts';

/** Values that are put away together. */
const TOGETHER = 64;

export class KeyedSpool<T> implements Iterable<T> {
  readonly #spool = new RowSpool();
  readonly #writer = new RecordWriter();
  #waiting = 0;

  add(key: number, value: T): void {
    this.#writer.addText(key, JSON.stringify(value));
    if (++this.#waiting === TOGETHER) this.#put();
  }

  *[Symbol.iterator](): Generator<T, void, void> {
    this.#put();
    // written by add
    for (const { bytes } of this.#spool.inOrder()) yield JSON.parse(bytes.toString('utf8', RECORD_HEAD)) as T;
  }

  close(): void {
    this.#spool.close();
  }

  #put(): void {
    if (this.#waiting > 0) this.#spool.append(this.#writer.take());
    this.#waiting = 0;
  }
}
