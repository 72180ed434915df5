/** Seals: hashes of a file's own bytes that the file holds (the code directory of a signed program). They follow every edit of it. */
import type { Splice } from './reference.ts';

/** The hashes of one range of bytes, page by page; they stand behind the range, one after the other. Offsets count from the start of the file. */
export interface Seal {
  readonly start: number;
  readonly end: number;
  /** Bytes that are hashed together; the last page may be shorter. */
  readonly page: number;
  /** Where the hash of the first page stands. */
  readonly at: number;
  readonly hash: 'sha1' | 'sha256' | 'sha384';
  /** Bytes of each hash that are kept. */
  readonly width: number;
}

/** What must be done to a signed file besides its edits. */
export interface Sealed {
  readonly seals: readonly Seal[];
  /** Edits that make a signature one which can be renewed; empty where it is one already. */
  readonly edits: readonly Splice[];
}
