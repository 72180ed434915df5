/** A list of a JSON document, one row on a line. */

/** The list in pieces: a document of any size is printed without making one string of it. */
export function* jsonRows<Row>(rows: readonly Row[], toJson: (row: Row) => unknown): Generator<string> {
  yield '[';
  let separator = '\n    ';
  for (const row of rows) {
    yield separator + JSON.stringify(toJson(row));
    separator = ',\n    ';
  }
  yield rows.length > 0 ? '\n  ]' : ']';
}
