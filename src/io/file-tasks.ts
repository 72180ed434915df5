/** What file threads are asked, and what they answer. All of it crosses threads. */
import type { Filling, FillWords } from '../formats/filling.ts';
import type { FrameSizes } from '../formats/frame-sizes.ts';
import { ArchiveError } from '../model/errors.ts';
import type { Origin } from '../model/manifest.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { FileAttributes } from './file-output.ts';
import type { Packed } from './unpacking.ts';

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

/** Bytes in the buffer that came with the job. */
export interface FilePart {
  /** The file that begins here; null where the one before goes on. */
  readonly task: NewFileTask | null;
  readonly at: number;
  length: number;
  /** Whether the file ends here. */
  isLast: boolean;
}

/** Where a frame lies in the open file of an archive. */
export interface FramePlace {
  readonly descriptor: number;
  readonly compression: Packed;
  readonly at: number;
  readonly sizes: FrameSizes;
}

export type FileJob =
  | { readonly kind: 'unpack'; readonly place: FramePlace; readonly buffer: SharedArrayBuffer }
  | { readonly kind: 'write'; readonly buffer: SharedArrayBuffer; readonly parts: readonly FilePart[] }
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
