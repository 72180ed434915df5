/** Puts together what was found of one file at several times: of its contents, of its name, of the run. */
import { kindsOf, rowsIn } from '../formats/file-rows.ts';
import { byPlaceInFile } from '../formats/reference-order.ts';
import { recordAt, RecordWriter, type RowRecord } from '../formats/row-records.ts';

/**
 * One record for each file.
 * @param records by key
 * @param shared keys of which there may be several
 */
export function* filesIn(records: Iterable<RowRecord>, shared: ReadonlySet<number>): Generator<RowRecord> {
  let same: RowRecord[] = [];
  for (const record of records) {
    if (same.length > 0 && same[0]?.key !== record.key) {
      yield together(same);
      same = [];
    }
    // a record is valid until the next is asked for
    if (shared.has(record.key)) same.push(recordAt(Buffer.from(record.bytes), 0));
    else yield record;
  }
  if (same.length > 0) yield together(same);
}

function together(records: readonly RowRecord[]): RowRecord {
  const [first, ...others] = records;
  if (first === undefined) throw new Error('there is no record');
  if (others.length === 0) return first;
  const rows = records.flatMap((record) => [...rowsIn(record.rows)]).sort(byPlaceInFile);
  const writer = new RecordWriter();
  writer.add(first.key, { ...first.tally, kinds: kindsOf(rows) }, rows);
  return recordAt(writer.take(), 0);
}
