/** Puts together what was found of one file at several times: of its contents, of its name, of the run. */
import { joinTallies, kindsOf, rowsIn } from '../formats/file-rows.ts';
import { byPlaceInFile } from '../formats/reference-order.ts';
import { recordAt, RecordWriter, type RowRecord } from '../formats/row-records.ts';
import type { LongRows } from '../io/long-rows.ts';
import type { FileRows } from '../model/report.ts';

/**
 * The rows of each file.
 * @param records by key
 * @param shared keys of which there may be several
 * @param long the rows of records that have none
 */
export function* filesIn(
  records: Iterable<RowRecord>,
  shared: ReadonlySet<number>,
  long: LongRows,
): Generator<FileRows> {
  let same: RowRecord[] = [];
  for (const record of records) {
    if (same.length > 0 && same[0]?.key !== record.key) {
      yield together(same, long);
      same = [];
    }
    // a record is valid until the next is asked for
    if (shared.has(record.key)) same.push(recordAt(Buffer.from(record.bytes), 0));
    else yield fileOf(record, long);
  }
  if (same.length > 0) yield together(same, long);
}

/** The rows of a record, in pieces. */
export function piecesOf({ key, rows }: RowRecord, long: LongRows): Iterable<Uint8Array> {
  return rows.length > 0 ? [rows] : long.of(key);
}

function fileOf(record: RowRecord, long: LongRows): FileRows {
  return {
    get tally() {
      return record.tally;
    },
    pieces: () => piecesOf(record, long),
  };
}

function together(records: readonly RowRecord[], long: LongRows): FileRows {
  const [first, ...others] = records;
  if (first === undefined) throw new Error('there is no record');
  if (others.length === 0) return fileOf(first, long);
  const apart = records.find(({ rows }) => rows.length === 0);
  if (apart === undefined) return fileOf(merged(records), long);
  // what is not of the contents is said of the whole file, and stands in front
  const own = merged(records.filter((record) => record !== apart));
  const { kinds } = joinTallies(own.tally, apart.tally);
  return {
    tally: { ...first.tally, kinds },
    *pieces() {
      yield own.rows;
      yield* long.of(apart.key);
    },
  };
}

function merged(records: readonly RowRecord[]): RowRecord {
  const [first] = records;
  if (first === undefined) throw new Error('there is no record');
  const rows = records.flatMap((record) => [...rowsIn(record.rows)]).sort(byPlaceInFile);
  const writer = new RecordWriter();
  writer.add(first.key, { ...first.tally, kinds: kindsOf(rows) }, rows);
  return recordAt(writer.take(), 0);
}
