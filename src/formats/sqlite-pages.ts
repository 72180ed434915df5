/**
 * Pages, cells and records of an SQLite database, read-only (sqlite.org, "Database File Format", sections 1.3, 1.6 and 2.1). Every read is
 * checked: a broken page has fewer cells, never an error. Offsets are those within the page.
 */

export interface Page {
  readonly isTable: boolean;
  /** Pages below, of an interior page. */
  readonly children: readonly number[];
  readonly cells: readonly Cell[];
}

/** The payload of a cell: where on the page it is, as far as it is there; the first page of the rest, 0 for none. */
export interface Cell {
  readonly start: number;
  readonly end: number;
  readonly overflow: number;
}

/** A value of a record: where in the record it is. */
export interface RecordValue {
  readonly start: number;
  readonly end: number;
  readonly type: 'number' | 'text' | 'blob';
}

/** Whether a number can be the size of a page. */
export function isPageSize(size: number): boolean {
  return size >= 512 && size <= 65536 && (size & (size - 1)) === 0;
}

/**
 * Reads a b-tree page: types 2 and 10 index, 5 and 13 table; 2 and 5 interior. Null for any other.
 * @param header where the page's own header is: 100 in the first page of a database, else 0
 * @param reserved bytes at the end that SQLite leaves to others
 */
export function readPage(page: Buffer, header: number, reserved: number): Page | null {
  const type = page[header] ?? 0;
  if ((type !== 2 && type !== 5 && type !== 10 && type !== 13) || page.length < header + 12) return null;
  const isLeaf = type >= 10;
  const isTable = type === 5 || type === 13;
  const usable = page.length - reserved;
  const pointers = header + (isLeaf ? 8 : 12);
  const count = Math.min(page.readUInt16BE(header + 3), Math.floor((page.length - pointers) / 2));
  const children = isLeaf ? [] : [page.readUInt32BE(header + 8)];
  const cells: Cell[] = [];
  for (let i = 0; i < count; i++) {
    const at = page.readUInt16BE(pointers + 2 * i);
    if (at + 4 > usable) continue;
    if (!isLeaf) children.push(page.readUInt32BE(at));
    const cell = isLeaf || !isTable ? cellAt(page, isLeaf ? at : at + 4, usable, isTable) : null;
    if (cell !== null) cells.push(cell);
  }
  return { isTable, children, cells };
}

/** How much of a payload stays on the page: section 1.6, X, M and K. */
function cellAt(page: Buffer, at: number, usable: number, isTable: boolean): Cell | null {
  const payload = readVarint(page, at, usable);
  const key = isTable && payload !== null ? readVarint(page, payload.end, usable) : payload;
  if (payload === null || key === null) return null;
  const most = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const wanted = least + ((payload.value - least) % (usable - 4));
  const local = payload.value <= most ? payload.value : wanted <= most ? wanted : least;
  const start = key.end;
  const end = Math.min(start + local, usable);
  return { start, end, overflow: payload.value > local && end + 4 <= usable ? page.readUInt32BE(end) : 0 };
}

/** Big-endian groups of 7 bits, at most 9 bytes; numbers too large to be exact are lengths of nothing. */
function readVarint(
  bytes: Buffer,
  start: number,
  limit: number,
): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let i = 0; i < 9 && start + i < limit; i++) {
    const byte = bytes[start + i] ?? 0;
    if (i === 8) return { value: value * 256 + byte, end: start + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: start + i + 1 };
  }
  return null;
}

/** Bytes of the serial types 0 to 11. */
const SIZES: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

/** The values of a record, as its header tells them (their ends may lie beyond what is on the page); null where it is none. */
export function readRecord(record: Buffer): RecordValue[] | null {
  const header = readVarint(record, 0, record.length);
  if (header === null) return null;
  const values: RecordValue[] = [];
  let value = header.value;
  for (let at = header.end; at < header.value;) {
    const serial = readVarint(record, at, record.length);
    if (serial === null) return null;
    at = serial.end;
    const length = SIZES[serial.value] ?? Math.floor((serial.value - 12) / 2);
    const type = serial.value < 12 ? 'number' : serial.value % 2 === 0 ? 'blob' : 'text';
    values.push({ start: value, end: value + length, type });
    value += length;
  }
  return values;
}
