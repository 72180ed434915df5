/**
 * Reads the RECORD of an installed wheel: CSV as Python's csv module writes it (comma, `"` doubled inside quotes, CRLF or LF), one row
 * `path,digest,size` for each file. Source: Python Packaging User Guide, "Recording installed projects", The RECORD file.
 */

/** Bytes of the file, `end` exclusive. */
export type ByteRange = readonly [start: number, end: number];

export interface RecordRow {
  /** As written, unquoted, relative to the folder that holds the .dist-info folder. Bytes as latin1. */
  readonly path: string;
  /** The whole row with its line end. */
  readonly row: ByteRange;
  /** The digest as it stands (`sha256=…`), quotes included; an empty range where there is none. */
  readonly digest: ByteRange;
  /** The size as it stands. */
  readonly size: ByteRange;
}

/** The rows of a RECORD in order. `text` is the file as latin1: index equals offset. Rows that have not three fields are left out. */
export function parseRecord(text: string): RecordRow[] {
  const rows: RecordRow[] = [];
  for (let at = 0; at < text.length;) {
    const { fields, end } = readRow(text, at);
    const [path, digest, size] = fields;
    if (path !== undefined && digest !== undefined && size !== undefined && fields.length === 3)
      rows.push({ path: unquoted(text.slice(...path)), row: [at, end], digest, size });
    at = end;
  }
  return rows;
}

/** Reads one row; a quoted field may hold commas and line ends. */
function readRow(text: string, start: number): { fields: ByteRange[]; end: number } {
  const fields: ByteRange[] = [];
  let fieldStart = start;
  let isQuoted = false;
  let at = start;
  for (; at < text.length; at++) {
    const char = text[at];
    if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (char === ',') {
      fields.push([fieldStart, at]);
      fieldStart = at + 1;
    } else if (char === '\n' || char === '\r') break;
  }
  fields.push([fieldStart, at]);
  const end = text.startsWith('\r\n', at) ? at + 2 : Math.min(at + 1, text.length);
  return { fields, end };
}

function unquoted(field: string): string {
  return field.startsWith('"') && field.endsWith('"') && field.length > 1
    ? field.slice(1, -1).replaceAll('""', '"')
    : field;
}
