/** Items as lines of text, by file or by rule, in straight columns. */
import { showBytes } from '../formats/byte-text.ts';
import { RULE_NAMES } from '../model/codes.ts';
import type { Site } from '../model/reference.ts';
import { filesOf, groupByFile, groupByRule, type Fold, type Item } from './items.ts';
import type { Style } from './style.ts';
import { columnsOf, count, padLeft, padRight, plural, shorten, shortenPath, widest, wrap } from './words.ts';

export interface ListStyle extends Style {
  /** Lists everything and folds nothing. */
  readonly all: boolean;
}

/** `12:3` in a text, `@4096` (a byte offset) in a binary, a large file or a member of an archive, `->` for a symlink, nothing for an entry itself. */
function showSite(site: Site): string {
  switch (site.kind) {
    case 'text':
      return site.line === null ? `@${site.start}` : `${site.line}:${site.column ?? 1}`;
    case 'slot':
    case 'pyc':
    case 'member':
      return `@${site.start}`;
    case 'symlink':
      return '->';
    case 'entry':
      return '';
  }
}

/** Widths of the columns; one set for a whole list keeps them straight from file to file. */
interface Widths {
  readonly site: number;
  readonly rule: number;
  readonly word: number;
}

function widthsOf(items: readonly Item[], folds: readonly Fold[]): Widths {
  const all = [...items, ...folds.map(({ first }) => first)];
  const sites = items.map(({ reference }) => showSite(reference.site));
  const counts = folds.map((fold) => countOf(fold));
  return {
    site: widest([...sites, ...counts], 5),
    rule: widest(all.map(({ reference }) => reference.rule)),
    word: widest(all.map(({ word }) => word)),
  };
}

function countOf(fold: Fold): string {
  return `${count(fold.count)} ×`;
}

/** Items by file: the file, then a line for each; at the end what was folded. */
export function* linesByFile(items: readonly Item[], style: ListStyle): Generator<string> {
  const { groups, folds } = groupByFile(items, style.all);
  const widths = widthsOf(
    groups.flatMap(({ listed }) => listed),
    folds,
  );
  const room = Math.max(16, style.columns - (widths.site + widths.rule + widths.word + 14));
  const told = new Set<string>();
  for (const { file, listed, rest } of groups) {
    yield style.paint('strong', shorten(showBytes(file), style.columns));
    for (const item of listed) {
      yield row(
        padLeft(showSite(item.reference.site), widths.site),
        item,
        shortenPath(showBytes(item.text), room),
        widths,
        style,
      );
      yield* noteLines(item, told, widths.site + 4, style);
    }
    if (rest > 0) yield style.paint('faint', `  ${' '.repeat(widths.site)}  and ${count(rest)} more here`);
  }
  if (folds.length === 0) return;
  yield style.paint('faint', 'in short (--all lists each)');
  for (const fold of folds)
    yield row(padLeft(countOf(fold), widths.site), fold.first, examples(fold, room), widths, style);
}

/** `  12:3  RL201 absolute-path-in-text  pinned  /srv/site/var` */
function row(before: string, item: Item, text: string, widths: Widths, { paint }: Style): string {
  return [
    `  ${paint('faint', before)}`,
    `${paint('code', item.reference.code)} ${padRight(item.reference.rule, widths.rule)}`,
    paint(item.meaning, padRight(item.word, widths.word)),
    text,
  ].join('  ');
}

/** `in 1,204 files: a.pyc, b.pyc, …`, with as many names as there is room for. */
function examples({ files }: Fold, room: number): string {
  const names = files.slice(0, 3).map((file) => showBytes(file.slice(file.lastIndexOf('/') + 1)));
  const whole = `in ${plural(files.length, 'file')}`;
  for (let shown = names.length; shown > 0; shown--) {
    const text = `${whole}: ${names.slice(0, shown).join(', ')}${files.length > shown ? ', …' : ''}`;
    if (columnsOf(text) <= room) return text;
  }
  return whole;
}

/** Items listed under one rule before the rest is counted. */
const LISTED_UNDER_RULE = 8;

/** Items by rule: the rule with its counts, then a line for each. */
export function* linesByRule(items: readonly Item[], style: ListStyle): Generator<string> {
  const { paint } = style;
  const told = new Set<string>();
  const width = widest(items.map(({ word }) => word));
  for (const [code, found] of groupByRule(items)) {
    yield `${paint('code', code)} ${paint('strong', RULE_NAMES[code])}  ${paint('faint', `${count(found.length)} in ${plural(filesOf(found).length, 'file')}`)}`;
    const listed = style.all || found.length === LISTED_UNDER_RULE + 1 ? found : found.slice(0, LISTED_UNDER_RULE);
    for (const item of listed) {
      yield ruleRow(item, width, style);
      yield* noteLines(item, told, width + 4, style);
    }
    if (listed.length < found.length)
      yield paint('faint', `  and ${count(found.length - listed.length)} more (--all lists them)`);
  }
}

/** `  pinned  etc/site.conf:12:3  /srv/site/var` */
function ruleRow({ reference, word, meaning, text }: Item, width: number, { paint, columns }: Style): string {
  const { kind } = reference.site;
  const place =
    showBytes(reference.file) + (kind === 'symlink' || kind === 'entry' ? '' : `:${showSite(reference.site)}`);
  const room = Math.max(24, columns - width - 6);
  const shown = shorten(place, Math.max(24, Math.ceil(room * 0.6)));
  return `  ${paint(meaning, padRight(word, width))}  ${shown}  ${paint('faint', shortenPath(showBytes(text), Math.max(16, room - shown.length)))}`;
}

/** The note of an item, the first time that it is said. */
function* noteLines({ note }: Item, told: Set<string>, indent: number, { paint, columns }: Style): Generator<string> {
  if (note === '' || told.has(note)) return;
  told.add(note);
  for (const line of wrap(showBytes(note), Math.max(24, columns - indent)))
    yield ' '.repeat(indent) + paint('faint', line);
}
