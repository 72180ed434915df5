/** Where only a report is wanted: turns what is found in the files of a batch into the rows that will be printed. */
import { tallyOf } from '../formats/file-rows.ts';
import { byPlaceInFile } from '../formats/reference-order.ts';
import { RecordWriter } from '../formats/row-records.ts';
import type { FileTally } from '../model/report.ts';
import { usualReference, type UsualByteCode } from '../rules/usual-byte-code.ts';
import type { FileFinding } from './scan-tasks.ts';

/** Takes files in the order of the batch's tasks; a file's place is that of its task. */
export class FindingRows {
  readonly #writer = new RecordWriter();
  /** Of usual byte code: all of it has the same. */
  #usualTally: FileTally | null = null;

  add(place: number, { references, changed }: FileFinding): void {
    const rows = references.length === 1 ? references : references.toSorted(byPlaceInFile);
    const tally = tallyOf(rows);
    this.#writer.add(place, changed === undefined ? tally : { ...tally, changed }, rows);
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
