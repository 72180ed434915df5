/** Turns what a batch gave into what a thread answers: where only a report is wanted, references become the rows that will be printed. */
import { tallyOf } from '../formats/file-rows.ts';
import { byPlaceInFile } from '../formats/reference-order.ts';
import { RecordWriter } from '../formats/row-records.ts';
import type { Digests } from './file-claims.ts';
import { placesIn, type BatchAnswer, type BatchResult, type FileFinding, type ScanTask } from './scan-tasks.ts';

export function answerOf(tasks: readonly ScanTask[], result: BatchResult, digests: Digests): BatchAnswer {
  if (digests !== 'none') return { ...result, rows: null };
  return { ...result, findings: [], rows: result.findings.length === 0 ? null : rowsOf(tasks, result.findings) };
}

function rowsOf(tasks: readonly ScanTask[], findings: readonly FileFinding[]): Buffer {
  const writer = new RecordWriter();
  const placeOf = placesIn(tasks);
  for (const { path, references, changed } of findings) {
    const rows = references.length === 1 ? references : references.toSorted(byPlaceInFile);
    const tally = tallyOf(rows);
    writer.add(placeOf(path), changed === undefined ? tally : { ...tally, changed }, rows);
  }
  return writer.take();
}
