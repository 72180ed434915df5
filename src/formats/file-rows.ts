/** References of one file as a report keeps them: rows of JSON, and a tally. Pure. */
import { outcomeIf } from '../model/outcome.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import type { Reference, Site } from '../model/reference.ts';
import type { FileTally, KindCount, ReferenceRow } from '../model/report.ts';
import { longestDestination } from './absolute-form.ts';
import { isValidText } from './byte-text.ts';
import { nameJson } from './reference-json.ts';

/** A row, with its line end: `referenceJson` as text, written at once, as there is one for every reference of a tree. */
export function rowText(row: ReferenceRow): string {
  const { code, rule, file, site, path } = row;
  const where = `"code":"${code}","rule":"${rule}",${fileText(file)},"site":${siteText(site)}`;
  return `{${where},${nameText('path', path)},${restText(row)}}\n`;
}

/** What is said of most paths that follow one another is the same. */
let lastRest: { readonly row: ReferenceRow; readonly text: string } | null = null;

/** All behind the path. */
function restText(row: ReferenceRow): string {
  if (lastRest === null || !hasSameRest(lastRest.row, row)) {
    const { prefix, scope, fix, applicability, note, allowed } = row;
    const rest = JSON.stringify({ prefix, scope, fix, applicability, note, allowed });
    lastRest = { row, text: rest.slice(1, -1) };
  }
  return lastRest.text;
}

function hasSameRest(left: ReferenceRow, right: ReferenceRow): boolean {
  return (
    left.note === right.note &&
    left.prefix === right.prefix &&
    left.scope === right.scope &&
    left.fix === right.fix &&
    left.applicability === right.applicability &&
    left.allowed === right.allowed
  );
}

/** Rows of one file follow one another. */
let lastFile = { file: '', text: nameText('file', '') };

function fileText(file: string): string {
  if (lastFile.file !== file) lastFile = { file, text: nameText('file', file) };
  return lastFile.text;
}

function nameText(key: 'file' | 'path', name: string): string {
  return isValidText(name) ? `"${key}":${JSON.stringify(name)}` : JSON.stringify(nameJson(key, name)).slice(1, -1);
}

function siteText(site: Site): string {
  return site.kind === 'pyc' ? `{"kind":"pyc","start":${site.start},"end":${site.end}}` : JSON.stringify(site);
}

/** The file of the rows, without reading more of them. */
export function fileOfRows(rows: Uint8Array): TreePath {
  const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.length);
  const start = bytes.indexOf(FILE_KEY) + FILE_KEY.length;
  const text = bytes.toString('latin1', start, bytes.indexOf(QUOTE, start));
  if (PLAIN.test(text)) return asTreePath(text);
  for (const { file } of rowsIn(rows)) return file;
  throw new Error('there are no rows');
}

/** Neither code nor rule, which stand before it, hold a quote. */
const FILE_KEY = Buffer.from('"file":"');
const QUOTE = 0x22;
/** What JSON writes as it is, and UTF-8 as latin1. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Reads rows back, one by one. */
export function* rowsIn(rows: Uint8Array): Generator<ReferenceRow> {
  const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.length);
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at);
    // written by rowText
    yield JSON.parse(bytes.toString('utf8', at, end)) as ReferenceRow;
    at = end + 1;
  }
}

/** The tally of references in their order. */
export function tallyOf(references: readonly Reference[]): FileTally {
  let room: number | null = null;
  let isEditable = false;
  for (const reference of references) {
    isEditable ||= mayEdit(reference);
    const own = roomFor(reference);
    if (own !== null && (room === null || own < room)) room = own;
  }
  return { kinds: kindsOf(references), room, isEditable };
}

/** The tally of references, of which the first have one and those behind them another. */
export function joinTallies(first: FileTally, second: FileTally): FileTally {
  const kinds: Counting[] = first.kinds.map((kind) => ({ ...kind }));
  for (const kind of second.kinds) {
    const known = kinds.find(({ code, fix, word }) => code === kind.code && fix === kind.fix && word === kind.word);
    if (known === undefined) kinds.push({ ...kind });
    else known.count += kind.count;
  }
  const rooms = [first.room, second.room].filter((room) => room !== null);
  const room = rooms.length === 0 ? null : Math.min(...rooms);
  return { ...first, kinds, room, isEditable: first.isEditable || second.isEditable };
}

/** A count in the making. */
type Counting = { -readonly [K in keyof KindCount]: KindCount[K] };

/** Kinds in the order in which they first appear. */
export function kindsOf(rows: readonly ReferenceRow[]): KindCount[] {
  // a file has few
  const kinds: Counting[] = [];
  for (const row of rows) {
    const { code, fix } = row;
    const word = outcomeIf(row, () => row.allowed !== undefined);
    const known = kinds.find((kind) => kind.code === code && kind.fix === fix && kind.word === word);
    if (known === undefined) kinds.push({ code, fix, word, count: 1 });
    else known.count++;
  }
  return kinds;
}

/** Whether an edit may change the file that holds a reference. A symlink is replaced, not edited. */
export function mayEdit({ absolute, relative }: Reference): boolean {
  return absolute !== undefined || relative?.kind === 'splices';
}

/** The longest destination, in bytes, that a reference's site takes, where it will be written; null where none limits it. */
export function roomFor({ fix, absolute }: Reference): number | null {
  return fix === 'pinned' && absolute !== undefined ? longestDestination(absolute) : null;
}
