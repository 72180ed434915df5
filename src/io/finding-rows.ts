/** Where only a report is wanted: turns what is found in the files of a batch into the rows that will be printed. */
import { joinTallies, rowText, tallyOf } from '../formats/file-rows.ts';
import { byPlaceInFile } from '../formats/reference-order.ts';
import { RecordWriter } from '../formats/row-records.ts';
import type { Reference } from '../model/reference.ts';
import type { FileTally } from '../model/report.ts';
import { usualReference, type UsualByteCode } from '../rules/usual-byte-code.ts';
import type { FileFinding, OnPart } from './scan-tasks.ts';

/** References of one file that are told together. Of a file with more the rows go ahead in parts, and its record has the tally alone. */
export const REFERENCES_TOGETHER = 4096;

/** Takes files in the order of the batch's tasks; a file's place is that of its task. */
export class FindingRows {
  readonly #writer = new RecordWriter();
  /** Of usual byte code: all of it has the same. */
  #usualTally: FileTally | null = null;
  #onPart: OnPart = () => {};
  /** What went ahead of the present file. */
  #ahead: { readonly place: number; readonly tally: FileTally } | null = null;

  /** `onPart`: takes what goes ahead of the batch that begins. */
  begin(onPart: OnPart): void {
    this.#onPart = onPart;
    this.#ahead = null;
  }

  add(place: number, { references, changed }: FileFinding): void {
    const rows = references.length === 1 ? references : references.toSorted(byPlaceInFile);
    if (rows.length > REFERENCES_TOGETHER) this.#sendAhead(place, rows);
    const ahead = this.#ahead?.place === place ? this.#ahead.tally : null;
    const tally = ahead ?? tallyOf(rows);
    this.#writer.add(place, changed === undefined ? tally : { ...tally, changed }, ahead === null ? rows : []);
  }

  /** The next references of a file with many, which stand behind those before. The file itself is added behind them. */
  addPart(place: number, references: readonly Reference[]): void {
    const rows = references.toSorted(byPlaceInFile);
    const tally = tallyOf(rows);
    this.#ahead = { place, tally: this.#ahead?.place === place ? joinTallies(this.#ahead.tally, tally) : tally };
    this.#onPart({ place, rows: Buffer.from(rows.map(rowText).join('')) });
  }

  #sendAhead(place: number, rows: readonly Reference[]): void {
    for (let at = 0; at < rows.length; at += REFERENCES_TOGETHER)
      this.addPart(place, rows.slice(at, at + REFERENCES_TOGETHER));
  }

  /** Byte code with nothing else in it, which did not change while it was read. */
  addUsual(place: number, usual: UsualByteCode): void {
    this.#usualTally ??= tallyOf([usualReference(usual)]);
    this.#writer.add(place, this.#usualTally, [usual.told]);
  }

  /** The records (formats/row-records.ts) of a batch, under the files' places; null for none. */
  take(): Buffer | null {
    const records = this.#writer.take();
    return records.length === 0 ? null : records;
  }
}
