/** Says of a byte of an SQLite database what it is part of: the column of a table, an index, the schema, or space that nothing uses. */
import { DATABASE_HEADER, sqliteFrames, type SqliteFrames } from './sqlite-frames.ts';
import { readPage, readRecord, type Cell, type Page } from './sqlite-pages.ts';
import { objectOf, type SqliteObject } from './sqlite-schema.ts';

export type SqlitePlace =
  /** `column` is empty where it can't be told. */
  | { readonly in: 'table'; readonly table: string; readonly column: string; readonly type: 'text' | 'blob' | 'number' }
  | { readonly in: 'index'; readonly table: string }
  | { readonly in: 'schema' }
  | { readonly in: 'unused' }
  | { readonly in: 'unknown' };

const SCHEMA: SqliteObject = { type: 'table', table: 'sqlite_schema', root: 1, columns: [] };

const ENCODINGS: Readonly<Record<number, 'utf8' | 'utf-16le' | 'utf-16be'>> = { 2: 'utf-16le', 3: 'utf-16be' };

/** Makes the judge of one database that is held whole. A broken one is `unknown` everywhere. */
export function sqlitePlaces(bytes: Buffer): (offset: number) => SqlitePlace {
  const frames = sqliteFrames(bytes.subarray(0, DATABASE_HEADER));
  if (frames === null) return () => ({ in: 'unknown' });
  const database = new Database(bytes, frames);
  return (offset) => database.placeOf(offset);
}

interface Owner {
  readonly object: SqliteObject;
  readonly isOverflow: boolean;
}

class Database {
  readonly #bytes: Buffer;
  readonly #frames: SqliteFrames;
  readonly #count: number;
  /** To which table or index each page belongs. A page that two of them claim stays with the first, so a broken tree ends. */
  readonly #owners = new Map<number, Owner>();

  constructor(bytes: Buffer, frames: SqliteFrames) {
    this.#bytes = bytes;
    this.#frames = frames;
    this.#count = Math.floor(bytes.length / frames.pageSize);
    const decoder = new TextDecoder(ENCODINGS[bytes.readUInt32BE(56)] ?? 'utf8');
    const objects: SqliteObject[] = [];
    this.#claim(SCHEMA, (record) => {
      const object = objectOf(record, (text) => decoder.decode(text));
      if (object !== null) objects.push(object);
    });
    for (const object of objects) this.#claim(object);
  }

  placeOf(offset: number): SqlitePlace {
    const number = Math.floor(offset / this.#frames.pageSize) + 1;
    if (number > this.#count) return { in: 'unknown' };
    const owner = this.#owners.get(number);
    if (owner === undefined) return { in: 'unused' };
    if (owner.isOverflow) return whole(owner.object);
    const bytes = this.#pageBytes(number);
    const within = offset - (number - 1) * this.#frames.pageSize;
    const cell = this.#page(number)?.cells.find(({ start, end }) => within >= start && within < end);
    return cell === undefined ? { in: 'unused' } : placeIn(bytes, cell, owner.object, within);
  }

  #claim(object: SqliteObject, onRecord?: (record: Buffer) => void): void {
    const pending = [object.root];
    for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
      const page = this.#owners.has(number) ? null : this.#page(number);
      if (page === null) continue;
      this.#owners.set(number, { object, isOverflow: false });
      pending.push(...page.children);
      const bytes = this.#pageBytes(number);
      for (const { start, end, overflow } of page.cells) {
        onRecord?.(bytes.subarray(start, end));
        this.#claimOverflow(object, overflow);
      }
    }
  }

  #claimOverflow(object: SqliteObject, first: number): void {
    for (let number = first; number >= 1 && number <= this.#count && !this.#owners.has(number);) {
      this.#owners.set(number, { object, isOverflow: true });
      number = this.#pageBytes(number).readUInt32BE(0);
    }
  }

  #page(number: number): Page | null {
    if (number < 1 || number > this.#count) return null;
    return readPage(this.#pageBytes(number), number === 1 ? DATABASE_HEADER : 0, this.#frames.reserved);
  }

  #pageBytes(number: number): Buffer {
    const { pageSize } = this.#frames;
    return this.#bytes.subarray((number - 1) * pageSize, number * pageSize);
  }
}

function whole({ type, table }: SqliteObject): SqlitePlace {
  return type === 'index' ? { in: 'index', table } : { in: 'table', table, column: '', type: 'blob' };
}

function placeIn(page: Buffer, cell: Cell, object: SqliteObject, offset: number): SqlitePlace {
  if (object === SCHEMA) return { in: 'schema' };
  if (object.type === 'index') return { in: 'index', table: object.table };
  const at = offset - cell.start;
  const values = readRecord(page.subarray(cell.start, cell.end)) ?? [];
  const index = values.findIndex(({ start, end }) => at >= start && at < end);
  return {
    in: 'table',
    table: object.table,
    column: object.columns[index] ?? '',
    type: values[index]?.type ?? 'blob',
  };
}
