/** References of one file as a report keeps them: rows of JSON, and a tally. Pure. */
import { outcomeIf } from '../model/outcome.ts';
import type { Reference } from '../model/reference.ts';
import type { FileTally, KindCount, ReferenceRow } from '../model/report.ts';
import { longestDestination } from './absolute-form.ts';
import { referenceJson } from './reference-json.ts';

/** A row, with its line end. */
export function rowText(row: ReferenceRow): string {
  return `${JSON.stringify(referenceJson(row, row.allowed))}\n`;
}

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

/** Kinds in the order in which they first appear. */
export function kindsOf(rows: readonly ReferenceRow[]): KindCount[] {
  const kinds = new Map<string, { -readonly [K in keyof KindCount]: KindCount[K] }>();
  for (const row of rows) {
    const { code, fix } = row;
    const word = outcomeIf(row, () => row.allowed !== undefined);
    const key = `${code} ${fix} ${word}`;
    const known = kinds.get(key);
    if (known === undefined) kinds.set(key, { code, fix, word, count: 1 });
    else known.count++;
  }
  return [...kinds.values()];
}

/** Whether an edit may change the file that holds a reference. A symlink is replaced, not edited. */
export function mayEdit({ absolute, relative }: Reference): boolean {
  return absolute !== undefined || relative?.kind === 'splices';
}

/** The longest destination, in bytes, that a reference's site takes, where it will be written; null where none limits it. */
export function roomFor({ fix, absolute }: Reference): number | null {
  return fix === 'pinned' && absolute !== undefined ? longestDestination(absolute) : null;
}
