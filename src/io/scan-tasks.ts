/** What scan threads are asked, and what they answer. All of it is plain JSON. */
import type { PackedHits } from '../formats/packed-hits.ts';
import type { TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import type { Sealed } from '../model/seal.ts';
import type { Asked } from './recording-probe.ts';

/** One piece of work for a scan thread. */
export type ScanTask =
  /** The path of a file of which nothing else is known: search it, and let the rules claim what was found. */
  | TreePath
  /** A file that is large: the same, whatever its size. */
  | { readonly kind: 'large-file'; readonly path: TreePath }
  /** A range of a large file: search for hits that begin in [from, to). */
  | {
      readonly kind: 'range';
      readonly path: TreePath;
      readonly size: number;
      readonly from: number;
      readonly to: number;
    }
  /** A file that was searched, and whose names are all known now: let the rules claim the hits. */
  | ClaimTask;

export interface ClaimTask {
  readonly kind: 'claim';
  readonly path: TreePath;
  /** Its other names. */
  readonly aliases: readonly TreePath[];
  /** Symlinks in other folders that lead to it; of shared libraries alone. */
  readonly links: readonly TreePath[];
  /** What it was when it was searched. */
  readonly seen: SeenFile;
  readonly hits: PackedHits;
}

/** Tasks that go to a thread together. */
export interface Batch {
  readonly tasks: readonly ScanTask[];
  /** For each task the place of its file in the walk, which is in byte order. */
  readonly keys: readonly number[];
  /** The folders around its files in which the walk saw one of the names by which builds are known; null where that is not known. */
  readonly marked: readonly TreePath[] | null;
}

/** What a thread is told of a batch. */
export type ToldBatch = Pick<Batch, 'tasks' | 'marked'>;

/** The path of a task. */
export function pathOf(task: ScanTask): TreePath {
  return typeof task === 'string' ? task : task.path;
}

/** Finds the place of a path's task in a batch. Paths are asked for in about the order of the tasks. */
export function placesIn(tasks: readonly ScanTask[]): (path: TreePath) => number {
  let at = 0;
  return (path) => {
    for (let tried = 0; tried < tasks.length; tried++) {
      const task = tasks[at];
      if (task !== undefined && pathOf(task) === path) return at;
      at = (at + 1) % tasks.length;
    }
    throw new Error(`${path} is in no task of its batch`);
  };
}

/** What a file was when it was opened. */
export interface SeenFile {
  readonly size: number;
  /** Milliseconds, as a double to 0.25 µs: the file must still have it after it was read. */
  readonly mtimeMs: number;
}

/** What a scan of one file gives. Files with nothing to tell (no reference, no digest asked for) give none. */
export interface FileFinding extends SeenFile {
  readonly path: TreePath;
  readonly aliases: readonly TreePath[];
  readonly mode: number;
  readonly references: readonly Reference[];
  /** sha256, hex; null where it was not asked for. */
  readonly digest: string | null;
  /** Set for a signed program with references: what an edit of it must renew. */
  readonly sealed?: Sealed;
  /** Set where the file was not, after it was read, what it was before. */
  readonly changed?: string;
}

/** A file that has to wait until all its names, and the links that lead to it, are known. */
export interface WaitingFile {
  readonly path: TreePath;
  /** Which names are of one file; null where it has one only. */
  readonly inode: string | null;
  readonly seen: SeenFile;
  /** Null where there is nothing to claim. */
  readonly hits: PackedHits | null;
}

/** What a batch gave. */
export interface BatchResult {
  readonly findings: FileFinding[];
  readonly waiting: WaitingFile[];
  /** Files that are too large to be scanned in one go. */
  readonly large: LargeFile[];
  readonly ranges: RangeResult[];
  /** Files that can't be read, with the system's code (`EACCES`). */
  readonly unreadable: { readonly path: TreePath; readonly code: string }[];
  /** Which tasks were a file of one name in which nothing is, and that no rule wants to see. Noted only where a cache is to be made. */
  readonly quiet: number[];
  /** What the rules asked of places that the walk does not see. Noted only where a cache is to be made. */
  readonly asked: Asked[];
  /** Files that were there when their folder was read, and are gone. */
  vanished: number;
  /** Files that were read to the end, and bytes; of files that wait for their other names, none. */
  files: number;
  bytes: number;
}

/** Rows of a file with very many references, which go ahead of the answer; the file's record has no rows then. */
export interface RowsPart {
  /** Of the file's task in the batch. */
  readonly place: number;
  /** UTF-8, each row with its line end. */
  readonly rows: Uint8Array;
}

/** Told in the order in which they stand. */
export type OnPart = (part: RowsPart) => void;

/** What a thread answers. */
export interface BatchAnswer extends Omit<BatchResult, 'findings'> {
  /** None where only a report is wanted: then there are rows. */
  readonly findings: readonly FileFinding[];
  /** Records (formats/row-records.ts) of the files with references; a key is the place of the file's task in the batch. Null for none. */
  readonly rows: Uint8Array | null;
}

export type LargeFile = Omit<WaitingFile, 'hits'>;

export interface RangeResult {
  readonly path: TreePath;
  readonly from: number;
  readonly hits: PackedHits;
  /** Whether a rule wants to see the file even without hits; told by the range at its start. */
  readonly isInteresting: boolean;
  readonly changed?: string;
}
