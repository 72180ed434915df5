/** The records of a run in a tree's journal: what it will do (intent), what it did (receipt), how far it is (marker). Pure. */
import { UsageError } from '../model/errors.ts';
import {
  asAbsolutePath,
  normalizeAbsolute,
  resolveInTree,
  asTreePath,
  type AbsolutePath,
  type TreePath,
} from '../model/path.ts';
import type { ChangedFile, Receipt, ReceiptCounts } from '../model/receipt.ts';
import { fields, flag, list, literal, nullable, ShapeError, text, whole, type Shape } from './shape.ts';

/** One inode of the tree and what becomes of it; its number in the intent names its files in the run's folders. */
export interface Step {
  readonly path: TreePath;
  readonly aliases: readonly TreePath[];
  /** As in a plan; `create` is a file that relocate keeps for itself and that was not there, `add` a folder that was not there. */
  readonly kind: 'content' | 'retarget' | 'remove' | 'create' | 'add';
  /** sha256, hex, of what was there. */
  readonly before: string | null;
  /** Bytes and nanoseconds, decimal: quick to compare. */
  readonly size: string;
  readonly mtime: string;
}

/** A folder in which names change, and the modification time it gets back, in nanoseconds. */
export interface FolderTime {
  readonly path: TreePath;
  readonly mtime: string;
}

export interface Intent {
  readonly version: 1;
  readonly run: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** The modification time that the tree's root had, nanoseconds: making the journal's folder changes it. */
  readonly rootTime: string;
  readonly folders: readonly FolderTime[];
  readonly steps: readonly Step[];
}

/**
 * `staged`: all that is new lies ready, the run will be carried out. `done`. `undoing`: on the way back; `forced` where what others
 * changed since goes too. A run without a marker has changed nothing of the tree.
 */
export interface Marker {
  readonly state: 'staged' | 'done' | 'undoing';
  readonly forced: boolean;
}

const treePath: Shape<TreePath> = {
  check(value, where) {
    if (
      typeof value !== 'string' ||
      value === '' ||
      value.includes('\0') ||
      resolveInTree(asTreePath(''), value) !== value
    )
      throw new ShapeError(where, 'a path in the tree');
  },
  schema: { type: 'string' },
};
const folderPath: Shape<TreePath> = {
  check(value, where) {
    if (value !== '') treePath.check(value, where);
  },
  schema: { type: 'string' },
};
const absolute: Shape<AbsolutePath> = {
  check(value, where) {
    if (typeof value !== 'string' || normalizeAbsolute(value) !== asAbsolutePath(value))
      throw new ShapeError(where, 'an absolute path');
  },
  schema: { type: 'string' },
};
const digest: Shape<string> = text(/^[0-9a-f]{64}$/);
const decimal: Shape<string> = text(/^-?\d+$/);

const step: Shape<Step> = fields<Step>({
  path: treePath,
  aliases: list(treePath),
  kind: literal('content', 'retarget', 'remove', 'create', 'add'),
  before: nullable(digest),
  size: decimal,
  mtime: decimal,
});

const intent: Shape<Intent> = fields<Intent>({
  version: literal(1),
  run: whole(1),
  at: text(),
  rootTime: decimal,
  folders: list(fields<FolderTime>({ path: folderPath, mtime: decimal })),
  steps: list(step),
});

const changed: Shape<ChangedFile> = fields<ChangedFile>({
  file: treePath,
  aliases: list(treePath),
  kind: literal('content', 'retarget', 'remove', 'add'),
  before: nullable(digest),
  after: nullable(digest),
});

const receipt: Shape<Receipt> = fields<Receipt>({
  version: literal(1),
  run: nullable(whole(1)),
  tree: absolute,
  at: text(),
  counts: fields<ReceiptCounts>({
    files: whole(),
    symlinks: whole(),
    removed: whole(),
    added: whole(),
    names: whole(),
    edits: whole(),
  }),
  changes: list(changed),
  warnings: list(text()),
});

const marker: Shape<Marker> = fields<Marker>({
  state: literal('staged', 'done', 'undoing'),
  forced: flag(),
});

/** @throws UsageError where the text is not the record: a journal can come with a tree from anywhere */
export function parseIntent(json: string, name: string): Intent {
  return parse(intent, json, name);
}

/** @throws UsageError */
export function parseReceipt(json: string, name: string): Receipt {
  return parse(receipt, json, name);
}

/** @throws UsageError */
export function parseMarker(json: string, name: string): Marker {
  return parse(marker, json, name);
}

function parse<T>(shape: Shape<T>, json: string, name: string): T {
  try {
    const value: unknown = JSON.parse(json);
    shape.check(value, '');
    // the shape has checked every field of it
    return value as T;
  } catch (error) {
    throw new UsageError(`${name} is no record of relocate: ${error instanceof Error ? error.message : String(error)}`);
  }
}
