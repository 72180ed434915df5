/** What file threads are asked, and what they answer. All of it crosses threads. */
import type { Filling, FillWords } from '../formats/filling.ts';
import { ArchiveError } from '../model/errors.ts';
import type { ManifestEntry } from '../model/manifest-entry.ts';
import type { Origin } from '../model/manifest.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { PartPlace } from './archive-parts.ts';
import type { FileAttributes } from './file-output.ts';

/** What every thread needs to know of the tree. Plain JSON. */
export interface FileSettings {
  /** Where the tree is read and written. */
  readonly root: AbsolutePath;
  readonly words: FillWords;
  /** Prefixes that are searched for in what is read. */
  readonly prefixes: readonly Origin[];
  /** Those among them that name no former place: they claim their bytes, and are not counted. */
  readonly here: readonly AbsolutePath[];
}

/** A new file. */
export interface NewFileTask {
  readonly path: TreePath;
  /** Bytes and sha256 (hex) that come from the archive. */
  readonly size: number;
  readonly sha256: string;
  readonly isSparse: boolean;
  /** Null where they are set later. */
  readonly attributes: FileAttributes | null;
  /** Null where the file is written as it comes. */
  readonly filling: Filling | null;
}

/** A new file that may be there already, in another tree. */
export interface CopyTask {
  readonly path: TreePath;
  readonly from: AbsolutePath;
  readonly size: number;
  readonly sha256: string;
  readonly attributes: FileAttributes;
}

/** An entry of an archive. */
export interface EntryTask {
  readonly entry: ManifestEntry;
  /** How its file is written; null where its bytes are passed over: it is no file, or is there already. */
  readonly file: Pick<NewFileTask, 'attributes' | 'filling'> | null;
}

/** A part of an archive: its bytes must be the entries, one behind the other, as the manifest tells them. */
export interface ExtractJob {
  readonly kind: 'extract';
  readonly place: PartPlace;
  /** Bytes at its beginning that are none of the entries'. */
  readonly skipped: number;
  /** Whether it begins within the last entry of the part before it, which the same thread had. */
  readonly goesOn: boolean;
  /** The entries that begin in it. */
  readonly tasks: readonly EntryTask[];
  /** Whether the end of the archive begins in it, behind them. */
  readonly isEnd: boolean;
}

export type FileJob =
  | ExtractJob
  | { readonly kind: 'copy'; readonly tasks: readonly CopyTask[] }
  | { readonly kind: 'read'; readonly paths: readonly TreePath[] };

/** The new content of a file that was filled in. */
export interface FilledFile {
  readonly path: TreePath;
  readonly size: number;
  /** sha256, hex. */
  readonly digest: string;
}

/** What a file holds. */
export interface ReadContent {
  readonly path: TreePath;
  readonly size: number;
  /** sha256, hex. */
  readonly digest: string;
  /** How often it names a former place. */
  readonly traces: number;
}

/** The same, or why it can't be read (`EACCES`). */
export type FileContent = ReadContent | { readonly path: TreePath; readonly unreadable: string };

/** What came of a job: what was done up to a failure, and that. */
export interface FileAnswer {
  readonly filled: FilledFile[];
  readonly copied: TreePath[];
  readonly contents: FileContent[];
  failure: FileFailure | null;
}

/** An error that crosses threads. */
export interface FileFailure {
  /** The file that it happened at; null where that is not known. */
  readonly path: TreePath | null;
  readonly message: string;
  /** The rule of an ArchiveError. */
  readonly rule?: string;
  /** The code of an error of the system. */
  readonly code?: string;
}

export function failureOf(error: unknown, path: TreePath | null): FileFailure {
  if (error instanceof ArchiveError) return { path, message: error.message, rule: error.rule };
  if (!(error instanceof Error)) return { path, message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { path, message: error.message, ...code };
}

/** The error that a failure was. */
export function errorOf({ message, rule, code }: FileFailure): Error {
  if (rule !== undefined) return new ArchiveError(rule, message);
  return code === undefined ? new Error(message) : Object.assign(new Error(message), { code });
}
