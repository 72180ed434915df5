/** The items of a scan: each reference with its outcome. */
import { rowsIn } from '../formats/file-rows.ts';
import { outcomeIf, type Outcome } from '../model/outcome.ts';
import type { FileRows, FileTally, ReferenceRow } from '../model/report.ts';
import type { Item, ItemFile, ItemKind } from './items.ts';
import type { Meaning } from './paint.ts';

/** The colour of an outcome. */
export const OUTCOME_MEANING: Readonly<Record<Outcome, Meaning>> = {
  relative: 'good',
  pinned: 'warn',
  blocked: 'bad',
  unsafe: 'bad',
  manual: 'bad',
  unknown: 'bad',
  outside: 'faint',
  dangling: 'faint',
  allowed: 'faint',
  debris: 'faint',
  harmless: 'faint',
};

/** Outcomes that are counted and not listed. */
const IS_QUIET: ReadonlySet<Outcome> = new Set<Outcome>(['harmless', 'allowed', 'debris']);

/** A file of a scan; its rows are read when its items are asked for, while the file is the present one. */
export function scanItemFile(file: FileRows): ItemFile {
  return { kinds: kindsIn(file.tally), items: () => itemsIn(file) };
}

/** A report tells the words apart, not what they come from. */
function kindsIn({ kinds }: FileTally): ItemKind[] {
  const told = new Map<string, ItemKind>();
  for (const { code, word, count } of kinds) {
    const more = told.get(`${code} ${word}`)?.count ?? 0;
    told.set(`${code} ${word}`, { code, word, count: count + more, isQuiet: IS_QUIET.has(word) });
  }
  return [...told.values()];
}

function* itemsIn(file: FileRows): Generator<Item> {
  for (const rows of file.pieces()) for (const row of rowsIn(rows)) yield itemOf(row);
}

function itemOf(row: ReferenceRow): Item {
  const word = outcomeIf(row, () => row.allowed !== undefined);
  const isOwnWork = word === 'relative' || word === 'pinned';
  return {
    reference: row,
    word,
    meaning: OUTCOME_MEANING[word],
    isQuiet: IS_QUIET.has(word),
    text: textOf(row),
    note: word === 'allowed' ? (row.allowed ?? '') : isOwnWork ? '' : row.note,
  };
}

/** The path; in an archive with the member in front of it. */
function textOf({ site, path }: ReferenceRow): string {
  return site.kind === 'member' && site.member !== '' ? `${site.member}: ${path}` : path;
}
