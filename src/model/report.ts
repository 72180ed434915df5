/** A scan for a report: its sums are in memory, the rows of its references elsewhere. What is said of one file is plain JSON, and can be kept. */
import type { RuleCode } from './codes.ts';
import type { Outcome } from './outcome.ts';
import type { Fix, PlainReference } from './reference.ts';
import type { Scan } from './scan.ts';

/** References of one file that count as one kind. */
export interface KindCount {
  readonly code: RuleCode;
  readonly fix: Fix;
  readonly word: Outcome;
  readonly count: number;
}

/** What must be known of a file's references without reading their rows. */
export interface FileTally {
  /** In the order in which they first stand in the file. */
  readonly kinds: readonly KindCount[];
  /** The longest destination, in bytes, that its fixed slots can hold; null where none limits it. */
  readonly room: number | null;
  /** Whether an edit may change the file, so that what is stored of it elsewhere matters. */
  readonly isEditable: boolean;
  /** Set where the file was not, after it was read, what it was before. */
  readonly changed?: string;
}

/** The references of one file: a line of JSON for each, as it is printed, in the order in which they stand. Valid until the next file is asked for. */
export interface FileRows {
  readonly tally: FileTally;
  /** UTF-8, each row with its line end; of a file with very many in several pieces. A piece is valid until the next is asked for. */
  pieces(): Iterable<Uint8Array>;
}

/** A row, read back. */
export interface ReferenceRow extends PlainReference {
  /** The reason of the `[[allow]]` that accepts it. */
  readonly allowed?: string;
}

/** What a scan found, for a report. */
export interface ScanReport extends Omit<Scan, 'references' | 'files' | 'dependents' | 'bundle'> {
  /** Whether something ties the tree to its place. */
  readonly hasFindings: boolean;
  /** Files with references, in byte order of their paths, as often as is wanted. */
  files(): Iterable<FileRows>;
  /** The rows of all files as the list of a JSON document has them (formats/row-list.ts), in pieces; only where they are kept so. */
  list?(): Iterable<Uint8Array>;
  /** Gives back what holds the rows. */
  close(): void;
}
