/** What a run did to a tree. Plain JSON; kept in the tree's journal, so that the run can be told of and undone. */
import type { AbsolutePath, TreePath } from './path.ts';
import type { FileChange } from './plan.ts';

/** One inode that a run changed, with all its names in the tree. */
export interface ChangedFile {
  readonly file: TreePath;
  readonly aliases: readonly TreePath[];
  /** As in a plan; `add` is a folder that came into the tree. */
  readonly kind: FileChange['kind'] | 'add';
  /** sha256, hex, of the bytes (of the target text for a symlink) that were there; null where nothing was. */
  readonly before: string | null;
  /** The same of what is there now; null where the file was removed. */
  readonly after: string | null;
}

export interface ReceiptCounts {
  /** Regular files with new bytes, symlinks with a new target, files removed; hard links once. */
  readonly files: number;
  readonly symlinks: number;
  readonly removed: number;
  /** Folders that came into the tree. */
  readonly added: number;
  /** Names in the tree that now lead to something else: files, symlinks and removed files with their hard links. */
  readonly names: number;
  readonly edits: number;
}

/** What `apply` did. */
export interface Receipt {
  readonly version: 1;
  /** The number of the run in the tree's journal; null where there was nothing to change and nothing was written. */
  readonly run: number | null;
  /** Where the tree stood. */
  readonly tree: AbsolutePath;
  /** When, as an ISO 8601 date in UTC. */
  readonly at: string;
  readonly counts: ReceiptCounts;
  /** In the order of the plan. */
  readonly changes: readonly ChangedFile[];
  /** Sentences about what could not be kept as it was: a time cut to microseconds, a path that someone else changed meanwhile. */
  readonly warnings: readonly string[];
}

/** What `undo` did. */
export interface Undone {
  readonly version: 1;
  /** The run that was taken back. */
  readonly run: number;
  /** Every name that is as it was before that run. */
  readonly restored: readonly TreePath[];
  readonly warnings: readonly string[];
}

/** What `recover` did. */
export interface Recovery {
  readonly version: 1;
  /** `nothing`: no run was cut short. `finished`: the tree is as after the run; `taken-back`: as before it. */
  readonly outcome: 'nothing' | 'finished' | 'taken-back';
  readonly run: number | null;
  /** Paths that someone changed after the run was cut short: left as they are. */
  readonly kept: readonly TreePath[];
  readonly warnings: readonly string[];
}

/** A run that was cut short, or that is under way. */
export interface PendingRun {
  readonly run: number | null;
  /**
   * `preparing`: nothing of the tree has changed; `switching`: some paths may be new, some old; `undoing`: the same on the way
   * back; `clearing`: only the journal is left to be tidied.
   */
  readonly state: 'preparing' | 'switching' | 'undoing' | 'clearing';
  /** When it began, ISO 8601 in UTC; empty where it did not come to write that down. */
  readonly at: string;
}
