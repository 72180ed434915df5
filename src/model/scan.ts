/** What a scan found. Plain JSON. */
import type { RuleCode } from './codes.ts';
import type { Bundle } from './bundle.ts';
import type { AbsolutePath, TreePath } from './path.ts';
import type { Prefix } from './prefix.ts';
import type { Fix, Reference } from './reference.ts';
import type { Sealed } from './seal.ts';

/** A file that stores something of another file, and must follow when that file changes. */
export type Dependent =
  /** A row of a wheel's RECORD; byte range of the row with its line end, of the digest field and of the size field. */
  | {
      readonly kind: 'record-row';
      readonly file: TreePath;
      readonly of: TreePath;
      readonly row: readonly [number, number];
      readonly digest: readonly [number, number];
      readonly size: readonly [number, number];
    }
  /** Byte code compiled from a source. */
  | { readonly kind: 'byte-code'; readonly file: TreePath; readonly of: TreePath }
  /** A checksum list (SHA256SUMS and the like) that names the file: reported, never edited (RL907). */
  | { readonly kind: 'stored-digest'; readonly file: TreePath; readonly of: TreePath; readonly line: number };

export interface ScanSummary {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  /** Bytes of all regular files, hard links once. */
  readonly bytes: number;
  readonly references: number;
  readonly byCode: Readonly<Partial<Record<RuleCode, number>>>;
  readonly byFix: Readonly<Record<Fix, number>>;
  /** The longest destination, in bytes, that every fixed slot can hold; null where none limits it. */
  readonly maxPrefixBytes: number | null;
}

/** What is known of a file that has references: needed to change it safely. */
export interface FileFacts {
  readonly file: TreePath;
  /** Other names of the same inode inside the tree, sorted. */
  readonly aliases: readonly TreePath[];
  /** sha256, hex, of the bytes that were scanned; of the target text for a symlink. */
  readonly digest: string;
  readonly size: number;
  readonly mode: number;
  /** Set where the file can't be replaced: its folder can't be written to, or it lies beyond a mount point. */
  readonly obstacle?: 'unwritable' | 'other-device';
  /** Set for a signed program: what an edit of it must renew. */
  readonly sealed?: Sealed;
}

/** A file, link or folder of which a scan has something to tell. */
export interface FoundFile {
  readonly file: TreePath;
  /** Null where nothing can be known of it. */
  readonly facts: FileFacts | null;
  /** By their places in it; none of a file that only depends on others. */
  readonly references: readonly Reference[];
}

export interface Excluded {
  readonly path: TreePath;
  /** The glob or built-in reason that left it out. */
  readonly by: string;
}

/** An `[[allow]]` of the configuration: references that are accepted as they are. */
export interface Allowance {
  readonly rule: string;
  readonly files: string;
  readonly reason: string;
}

export interface Scan {
  readonly version: 1;
  readonly tree: AbsolutePath;
  readonly prefixes: readonly Prefix[];
  readonly summary: ScanSummary;
  readonly references: readonly Reference[];
  /** One for each file that a reference or a dependent names, sorted by path. */
  readonly files: readonly FileFacts[];
  readonly dependents: readonly Dependent[];
  readonly excluded: readonly Excluded[];
  /** Allowances that matched nothing. */
  readonly unusedAllowances: readonly Allowance[];
  /** Sentences about the run itself: a prefix that was too short to use, a folder that was not entered. */
  readonly warnings: readonly string[];
  /** Pythons that come along: what is said of their files stands among the rest, as if they were in the tree. */
  readonly bundle?: Bundle;
}
