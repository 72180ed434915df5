/** Where the pages are in an SQLite database, its write-ahead log and its rollback journal, and which value of a row a byte belongs to. */
import { isPageSize, readPage, readRecord } from './sqlite-pages.ts';

export interface SqliteFrames {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Bytes at the end of each page that SQLite leaves to others. */
  readonly reserved: number;
  /** Where the page begins that holds an offset of the file; null where none does. */
  pageAt(offset: number): number | null;
}

/** Reads the bytes [start, end) of the file. */
export type ReadRange = (start: number, end: number) => Buffer;

/** The header of a database comes first on its first page ("The Database Header"). */
export const DATABASE_HEADER = 100;

/** The pages of a file by its first bytes; null where they make no sense. */
export function sqliteFrames(head: Buffer): SqliteFrames | null {
  if (head.length < DATABASE_HEADER) return null;
  const mark = head.readUInt32BE(0);
  if (mark === 0x53514c69) return databaseFrames(head);
  // "The Write-Ahead Log", WAL header: the page size at 8, and frames of 24 bytes and a page from 32 on
  if (mark === 0x377f0682 || mark === 0x377f0683) return frames(head.readUInt32BE(8), 32, 24, 0);
  // "The Rollback Journal", its header: the sector size at 20, the page size at 24; a number, a page and a sum from the second sector on
  return mark === 0xd9d505f9 ? frames(head.readUInt32BE(24), head.readUInt32BE(20), 4, 4) : null;
}

function databaseFrames(head: Buffer): SqliteFrames | null {
  const stored = head.readUInt16BE(16);
  const known = frames(stored === 1 ? 65536 : stored, 0, 0, 0);
  return known === null ? null : { ...known, reserved: head[20] ?? 0 };
}

function frames(pageSize: number, start: number, before: number, behind: number): SqliteFrames | null {
  if (!isPageSize(pageSize)) return null;
  const whole = before + pageSize + behind;
  return {
    pageSize,
    reserved: 0,
    pageAt(offset) {
      const frame = Math.floor((offset - start) / whole);
      const page = start + frame * whole + before;
      return frame >= 0 && offset >= page && offset < page + pageSize ? page : null;
    },
  };
}

/** The value of a row in which a byte of the file stands: its range in the file. Null where the byte belongs to none that is known. */
export function valueAround(
  read: ReadRange,
  frames: SqliteFrames,
  offset: number,
): { readonly start: number; readonly end: number } | null {
  const base = frames.pageAt(offset);
  if (base === null) return null;
  const bytes = read(base, base + frames.pageSize);
  // the first page of a database begins with the database's header, in a log too
  const header = bytes.toString('latin1', 0, 6) === 'SQLite' ? DATABASE_HEADER : 0;
  const within = offset - base;
  const cell = readPage(bytes, header, frames.reserved)?.cells.find(
    ({ start, end }) => within >= start && within < end,
  );
  if (cell === undefined) return null;
  const values = readRecord(bytes.subarray(cell.start, cell.end)) ?? [];
  const value = values.find(({ start, end }) => within - cell.start >= start && within - cell.start < end);
  if (value === undefined || value.type === 'number') return null;
  const from = base + cell.start;
  return { start: from + value.start, end: Math.min(from + value.end, base + cell.end) };
}
