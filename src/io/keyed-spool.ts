/** Values under keys: kept as text, in whatever order they come, and given back in the order of the keys, as often as asked. */
import { RECORD_HEAD, RecordWriter } from '../formats/row-records.ts';
import { RowSpool } from './row-spool.ts';

/** Values that are put away together, unless they are large: then as soon as there are so many bytes of them. */
const TOGETHER = 256;
const BYTES_TOGETHER = 256 * 1024;

/** How a value is written, and read again. */
export interface TextForm<T> {
  readonly write: (value: T) => string;
  readonly read: (text: string) => T;
}

export class KeyedSpool<T> implements Iterable<T> {
  readonly #form: TextForm<T>;
  readonly #spool = new RowSpool();
  readonly #writer = new RecordWriter();
  #waiting = 0;

  /** `form`: where it is not told, values are plain JSON. */
  constructor(form: TextForm<T> = { write: JSON.stringify, read: JSON.parse }) {
    this.#form = form;
  }

  /** Values whose keys rise from one to the next take the least to be read; those of one key come back in the order in which they were added. */
  add(key: number, value: T): void {
    this.#writer.addText(key, this.#form.write(value));
    if (++this.#waiting === TOGETHER || this.#writer.length >= BYTES_TOGETHER) this.#put();
  }

  *[Symbol.iterator](): Generator<T, void, void> {
    this.#put();
    for (const { bytes } of this.#spool.inOrder()) yield this.#form.read(bytes.toString('utf8', RECORD_HEAD));
  }

  close(): void {
    this.#spool.close();
  }

  #put(): void {
    if (this.#waiting > 0) this.#spool.append(this.#writer.take());
    this.#waiting = 0;
  }
}
