/** Rows as elements of the list that a scan's JSON document ends with: what is kept so is printed as it is. */

/** What stands between two elements. A row holds no line end. */
export const BETWEEN = ',\n    ';

/** Rows with their line ends as elements, each with what stands before the next. */
export function elementsOf(rows: Uint8Array): Buffer {
  return Buffer.from(textOf(rows).replaceAll('\n', BETWEEN), 'latin1');
}

/** The rows that such elements are. */
export function rowsOf(elements: Uint8Array): Buffer {
  return Buffer.from(textOf(elements).replaceAll(BETWEEN, '\n'), 'latin1');
}

/** One character a byte. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
