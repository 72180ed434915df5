/** Items as lines of text, by file or by rule, in straight columns. */
import { showBytes } from '../formats/byte-text.ts';
import { RULE_NAMES, type RuleCode } from '../model/codes.ts';
import type { Site } from '../model/reference.ts';
import { filesOf, groupByFile, groupByRule, type FileGroup, type Fold, type Item, type ItemFiles } from './items.ts';
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

/** The least widths that hold all of it. */
function widthsOf(items: Iterable<Item>, folds: readonly Fold[]): Widths {
  const widths = {
    site: widest(folds.map(countOf), 5),
    rule: widest(folds.map(({ first }) => first.reference.rule)),
    word: widest(folds.map(({ first }) => first.word)),
  };
  for (const { reference, word } of items) {
    widths.site = widest([showSite(reference.site)], widths.site);
    widths.rule = widest([reference.rule], widths.rule);
    widths.word = widest([word], widths.word);
  }
  return widths;
}

function countOf(fold: Fold): string {
  return `${count(fold.count)} ×`;
}

/** Items by file: the file, then a line for each; at the end what was folded. */
export function* linesByFile(files: ItemFiles, style: ListStyle): Generator<string> {
  if (style.all) {
    yield* groupLines(allGroups(files), widthsOf(allItems(files), []), style);
    return;
  }
  const { groups, folds } = groupByFile(files());
  const widths = widthsOf(
    groups.flatMap(({ listed }) => [...listed]),
    folds,
  );
  yield* groupLines(groups, widths, style);
  if (folds.length === 0) return;
  yield style.paint('faint', 'in short (--all lists each)');
  for (const fold of folds)
    yield row(padLeft(countOf(fold), widths.site), fold.first, examples(fold, roomOf(widths, style)), widths, style);
}

/** The same for items that are at hand. */
export function linesOfItems(items: readonly Item[], style: ListStyle): Generator<string> {
  const files = filesOf(items);
  return linesByFile(() => files, style);
}

function* allItems(files: ItemFiles): Generator<Item> {
  for (const file of files()) yield* file.items();
}

function* allGroups(files: ItemFiles): Generator<FileGroup> {
  for (const file of files()) yield { listed: file.items(), rest: 0 };
}

function* groupLines(groups: Iterable<FileGroup>, widths: Widths, style: ListStyle): Generator<string> {
  const told = new Set<string>();
  for (const { listed, rest } of groups) {
    let isFirst = true;
    for (const item of listed) {
      if (isFirst) yield style.paint('strong', shorten(showBytes(item.reference.file), style.columns));
      isFirst = false;
      yield row(
        padLeft(showSite(item.reference.site), widths.site),
        item,
        shortenPath(showBytes(item.text), roomOf(widths, style)),
        widths,
        style,
      );
      yield* noteLines(item, told, widths.site + 4, style);
    }
    if (rest > 0) yield style.paint('faint', `  ${' '.repeat(widths.site)}  and ${count(rest)} more here`);
  }
}

/** Columns for the path. */
function roomOf({ site, rule, word }: Widths, { columns }: Style): number {
  return Math.max(16, columns - (site + rule + word + 14));
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
function examples({ files, names: paths }: Fold, room: number): string {
  const names = paths.map((file) => showBytes(file.slice(file.lastIndexOf('/') + 1)));
  const whole = `in ${plural(files, 'file')}`;
  for (let shown = names.length; shown > 0; shown--) {
    const text = `${whole}: ${names.slice(0, shown).join(', ')}${files > shown ? ', …' : ''}`;
    if (columnsOf(text) <= room) return text;
  }
  return whole;
}

/** Items listed under one rule before the rest is counted. */
const LISTED_UNDER_RULE = 8;

/** Items by rule: the rule with its counts, then a line for each. */
export function* linesByRule(files: ItemFiles, style: ListStyle): Generator<string> {
  const { paint } = style;
  const told = new Set<string>();
  const width = widestWord(files);
  for (const group of groupByRule(files(), LISTED_UNDER_RULE + 1)) {
    const { code, count: number, first } = group;
    yield `${paint('code', code)} ${paint('strong', RULE_NAMES[code])}  ${paint('faint', `${count(number)} in ${plural(group.files, 'file')}`)}`;
    const few = number === first.length ? first : first.slice(0, LISTED_UNDER_RULE);
    for (const item of style.all ? itemsOfRule(files, code) : few) {
      yield ruleRow(item, width, style);
      yield* noteLines(item, told, width + 4, style);
    }
    if (!style.all && few.length < number)
      yield paint('faint', `  and ${count(number - few.length)} more (--all lists them)`);
  }
}

function widestWord(files: ItemFiles): number {
  const words = new Set<string>();
  for (const { kinds } of files()) for (const { word } of kinds) words.add(word);
  return widest(words);
}

/** Reads all files anew for one rule: its items may be more than memory holds. */
function* itemsOfRule(files: ItemFiles, code: RuleCode): Generator<Item> {
  for (const file of files()) {
    if (!file.kinds.some((kind) => kind.code === code)) continue;
    for (const item of file.items()) if (item.reference.code === code) yield item;
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
