/** An item of a report: one reference, with the word for what becomes of it. Which are listed, and which are only counted. */
import type { RuleCode } from '../model/codes.ts';
import type { TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import type { Meaning } from './paint.ts';

export interface Item {
  readonly reference: Reference;
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

/** A file's items that are listed; `rest` is how many more it has. */
export interface FileGroup {
  readonly file: TreePath;
  readonly listed: readonly Item[];
  readonly rest: number;
}

/** Items of one kind (one rule, one word) that are counted and not listed. */
export interface Fold {
  readonly first: Item;
  readonly count: number;
  readonly files: readonly TreePath[];
}

export interface Grouped {
  readonly groups: readonly FileGroup[];
  readonly folds: readonly Fold[];
}

/** Files in which the same kind of item is listed before further ones are folded. */
const FILES_LISTED = 3;
/** Items of one kind that are listed in one file. */
const LISTED_IN_FILE = 5;

/** Groups items by file, in their order. With `all` nothing is folded. */
export function groupByFile(items: readonly Item[], all: boolean): Grouped {
  const files = grouped(items, ({ reference }) => reference.file);
  if (all) return { groups: [...files].map(([file, listed]) => ({ file, listed, rest: 0 })), folds: [] };
  const groups: FileGroup[] = [];
  const folded: Item[] = [];
  const filesListed = new Map<string, number>();
  for (const [file, found] of files) {
    const loud = found.filter(({ isQuiet }) => !isQuiet);
    const kinds = [...new Set(loud.map(kindOf))];
    const isFolded = kinds.every((kind) => (filesListed.get(kind) ?? 0) >= FILES_LISTED);
    for (const item of found) if (isFolded || item.isQuiet) folded.push(item);
    if (!isFolded) {
      for (const kind of kinds) filesListed.set(kind, (filesListed.get(kind) ?? 0) + 1);
      groups.push(firstOfEachKind(file, loud));
    }
  }
  return { groups, folds: foldsOf(folded) };
}

/** A file's first items of each kind. A single one more is listed, as it takes no more room than its count. */
function firstOfEachKind(file: TreePath, items: readonly Item[]): FileGroup {
  const listed = [...grouped(items, kindOf).values()].flatMap((kind) =>
    kind.length === LISTED_IN_FILE + 1 ? kind : kind.slice(0, LISTED_IN_FILE),
  );
  const isListed = new Set(listed);
  return { file, listed: items.filter((item) => isListed.has(item)), rest: items.length - listed.length };
}

/** Those that matter first, then by rule. */
function foldsOf(items: readonly Item[]): Fold[] {
  return [...grouped(items, kindOf).values()]
    .flatMap((kind) => {
      const first = kind[0];
      return first === undefined ? [] : [{ first, count: kind.length, files: filesOf(kind) }];
    })
    .sort((a, b) => Number(a.first.isQuiet) - Number(b.first.isQuiet) || byCode(a.first, b.first));
}

function byCode(left: Item, right: Item): number {
  return left.reference.code < right.reference.code ? -1 : left.reference.code > right.reference.code ? 1 : 0;
}

function kindOf({ reference, word }: Item): string {
  return `${reference.code} ${word}`;
}

/** Items by rule, rules by code. */
export function groupByRule(items: readonly Item[]): readonly (readonly [code: RuleCode, items: readonly Item[]])[] {
  return [...grouped(items, ({ reference }) => reference.code)].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The files in which items stand, each once, in their order. */
export function filesOf(items: readonly Item[]): TreePath[] {
  return [...new Set(items.map(({ reference }) => reference.file))];
}

/** The rules of items, by code. */
export function codesOf(items: readonly Item[]): RuleCode[] {
  return [...new Set(items.map(({ reference }) => reference.code))].sort();
}

/** Groups in the order in which they first appear. */
export function grouped<Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
