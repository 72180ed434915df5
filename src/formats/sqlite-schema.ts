/** What an SQLite database says of its tables: their names, root pages and columns (file format, "The SQLite Schema Table"). */
import { readRecord } from './sqlite-pages.ts';

/** A table or index. Root pages count from 1. */
export interface SqliteObject {
  readonly type: 'table' | 'index';
  /** Of an index: the table that it belongs to. */
  readonly table: string;
  readonly root: number;
  /** In the order in which a row holds them; empty where that can't be told (an index, a table WITHOUT ROWID). */
  readonly columns: readonly string[];
}

/** Reads a row of the schema table: type, name, tbl_name, rootpage, sql. `decode` reads text in the encoding of the database. */
export function objectOf(record: Buffer, decode: (text: Buffer) => string): SqliteObject | null {
  const [type, , table, root, sql] = readRecord(record) ?? [];
  if (type === undefined || table === undefined || root === undefined || sql === undefined) return null;
  const kind = decode(record.subarray(type.start, type.end));
  const number = record.subarray(root.start, root.end);
  if ((kind !== 'table' && kind !== 'index') || number.length === 0 || number.length > 4) return null;
  const columns = kind === 'table' ? columnsOf(decode(record.subarray(sql.start, sql.end))) : [];
  return {
    type: kind,
    table: decode(record.subarray(table.start, table.end)),
    root: number.readUIntBE(0, number.length),
    columns,
  };
}

const CONSTRAINT = /^(?:constraint|primary|unique|check|foreign)\b/i;

/** The names of the columns in a CREATE TABLE statement; empty where it is cut short or has another form. */
export function columnsOf(sql: string): string[] {
  const open = sql.indexOf('(');
  if (open < 0 || /\bwithout\s+rowid\b/i.test(sql.slice(sql.lastIndexOf(')')))) return [];
  const parts = partsOf(sql, open + 1);
  if (parts === null) return [];
  return parts.filter((part) => !CONSTRAINT.test(part)).map(nameOf);
}

/** What stands between the commas of the outermost parentheses, without comments; null where they do not end. */
function partsOf(sql: string, start: number): string[] | null {
  const token = /--[^\n]*|\/\*[^]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[^]/gy;
  token.lastIndex = start;
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  for (let found = token.exec(sql); found !== null; found = token.exec(sql)) {
    const [text] = found;
    if (text.startsWith('--') || text.startsWith('/*')) part += ' ';
    else if (depth === 0 && (text === ',' || text === ')')) {
      parts.push(part.trim());
      if (text === ')') return parts;
      part = '';
    } else {
      if (text === '(') depth++;
      if (text === ')') depth--;
      part += text;
    }
  }
  return null;
}

function nameOf(definition: string): string {
  const quoted = /^(?:"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|'((?:[^']|'')*)')/.exec(definition);
  if (quoted === null) return /^\S*/.exec(definition)?.[0] ?? '';
  return (
    quoted[1]?.replaceAll('""', '"') ??
    quoted[2]?.replaceAll('``', '`') ??
    quoted[3] ??
    quoted[4]?.replaceAll("''", "'") ??
    ''
  );
}
