/** An item of a report: one reference, with the word for what becomes of it. Which are listed, and which are only counted. */
import type { RuleCode } from '../model/codes.ts';
import type { TreePath } from '../model/path.ts';
import type { PlainReference } from '../model/reference.ts';
import type { Meaning } from './paint.ts';

export interface Item {
  readonly reference: PlainReference;
  /** `relative`, `blocked`, `harmless` … */
  readonly word: string;
  readonly meaning: Meaning;
  /** Counted and not listed, unless everything is asked for. */
  readonly isQuiet: boolean;
  /** The path, or what comes in its place. */
  readonly text: string;
  /** A sentence about it, said once in a report; empty for none. */
  readonly note: string;
}

/** Items of one kind (one rule, one word) in one file. */
export interface ItemKind {
  readonly code: RuleCode;
  readonly word: string;
  readonly isQuiet: boolean;
  readonly count: number;
}

/** A file with items: their kinds in the order in which they first stand, and the items themselves where they are needed. */
export interface ItemFile {
  readonly kinds: readonly ItemKind[];
  items(): Iterable<Item>;
}

/** Gives the files from the first one on, as often as it is asked. */
export type ItemFiles = () => Iterable<ItemFile>;

/** A file's items that are listed; `rest` is how many more it has. */
export interface FileGroup {
  readonly listed: Iterable<Item>;
  readonly rest: number;
}

/** Items of one kind that are counted and not listed. */
export interface Fold {
  readonly first: Item;
  count: number;
  files: number;
  /** The first few of the files. */
  readonly names: TreePath[];
}

export interface Grouped {
  readonly groups: readonly FileGroup[];
  readonly folds: readonly Fold[];
}

/** Files in which the same kind of item is listed before further ones are folded. */
const FILES_LISTED = 3;
/** Items of one kind that are listed in one file. */
const LISTED_IN_FILE = 5;
/** Files of folded items that are named. */
const FILES_NAMED = 3;

/** Lists the items of the first files of each kind, and folds the rest. */
export function groupByFile(files: Iterable<ItemFile>): Grouped {
  const groups: FileGroup[] = [];
  const folds = new Map<string, Fold>();
  const filesListed = new Map<string, number>();
  for (const file of files) {
    const loud = file.kinds.filter(({ isQuiet }) => !isQuiet);
    const isFolded = loud.every((kind) => (filesListed.get(kindOf(kind)) ?? 0) >= FILES_LISTED);
    fold(folds, file, isFolded ? file.kinds : file.kinds.filter(({ isQuiet }) => isQuiet));
    if (isFolded) continue;
    for (const kind of loud) filesListed.set(kindOf(kind), (filesListed.get(kindOf(kind)) ?? 0) + 1);
    groups.push(firstOfEachKind(file, loud));
  }
  // those that matter first, then by rule
  const sorted = [...folds.values()].sort(
    (a, b) => Number(a.first.isQuiet) - Number(b.first.isQuiet) || byCode(a.first, b.first),
  );
  return { groups, folds: sorted };
}

/** A file's first items of each kind. A single one more is listed, as it takes no more room than its count. */
function firstOfEachKind(file: ItemFile, kinds: readonly ItemKind[]): FileGroup {
  const room = new Map(
    kinds.map((kind) => [kindOf(kind), kind.count === LISTED_IN_FILE + 1 ? kind.count : LISTED_IN_FILE]),
  );
  const listed: Item[] = [];
  for (const item of file.items()) {
    const left = room.get(kindOfItem(item)) ?? 0;
    if (left === 0) continue;
    room.set(kindOfItem(item), left - 1);
    listed.push(item);
  }
  return { listed, rest: kinds.reduce((sum, { count }) => sum + count, 0) - listed.length };
}

function fold(folds: Map<string, Fold>, file: ItemFile, kinds: readonly ItemKind[]): void {
  for (const kind of kinds) {
    const known = folds.get(kindOf(kind));
    if (known === undefined || known.names.length < FILES_NAMED) {
      const first = firstOf(file, kind);
      const name = first.reference.file;
      if (known === undefined) folds.set(kindOf(kind), { first, count: kind.count, files: 1, names: [name] });
      else known.names.push(name);
    }
    if (known === undefined) continue;
    known.count += kind.count;
    known.files++;
  }
}

function firstOf(file: ItemFile, kind: ItemKind): Item {
  for (const item of file.items()) if (kindOfItem(item) === kindOf(kind)) return item;
  throw new Error(`a file has no item of ${kindOf(kind)}`);
}

function byCode(left: Item, right: Item): number {
  return left.reference.code < right.reference.code ? -1 : left.reference.code > right.reference.code ? 1 : 0;
}

function kindOf({ code, word }: Pick<ItemKind, 'code' | 'word'>): string {
  return `${code} ${word}`;
}

function kindOfItem({ reference, word }: Item): string {
  return `${reference.code} ${word}`;
}

/** Items of one rule: how many, and the first of them. */
export interface RuleGroup {
  readonly code: RuleCode;
  readonly first: Item[];
  count: number;
  files: number;
}

/** Items by rule, rules by code; of each rule the first items, up to `most`. */
export function groupByRule(files: Iterable<ItemFile>, most: number): RuleGroup[] {
  const groups = new Map<RuleCode, RuleGroup>();
  for (const file of files)
    for (const [code, count] of countsByCode(file.kinds)) {
      const group = groups.get(code) ?? { code, first: [], count: 0, files: 0 };
      groups.set(code, group);
      group.count += count;
      group.files++;
      if (group.first.length < most) addFirst(group, file, most);
    }
  return [...groups.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

function addFirst({ code, first }: RuleGroup, file: ItemFile, most: number): void {
  for (const item of file.items()) {
    if (item.reference.code === code) first.push(item);
    if (first.length === most) return;
  }
}

function countsByCode(kinds: readonly ItemKind[]): Map<RuleCode, number> {
  const counts = new Map<RuleCode, number>();
  for (const { code, count } of kinds) counts.set(code, (counts.get(code) ?? 0) + count);
  return counts;
}

/** The rules of items, by code. */
export function codesOf(items: readonly Item[]): RuleCode[] {
  return [...new Set(items.map(({ reference }) => reference.code))].sort();
}

/** The files of items that are at hand, in their order. */
export function filesOf(items: readonly Item[]): ItemFile[] {
  const files = grouped(items, ({ reference }) => reference.file);
  return [...files.values()].map((found) => ({
    kinds: [...grouped(found, kindOfItem).values()].flatMap((same) =>
      same.slice(0, 1).map(({ reference: { code }, word, isQuiet }) => ({ code, word, isQuiet, count: same.length })),
    ),
    items: () => found,
  }));
}

/** Groups in the order in which they first appear. */
function grouped<Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
