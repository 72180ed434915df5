/** What `verify` found. Plain JSON. */
import type { AbsolutePath, TreePath } from './path.ts';
import type { Requirements } from './requirements.ts';

/**
 * `missing`, `extra`: only the manifest, or only the tree has the path; `type`, `mode`, `content`, `target`, `links` (hard links): it is
 * another than the manifest says; `leftover`: it names a prefix of the build, or the placeholder, where it should not; `unreadable`; `via`: the short link
 * by which fixed slots name the tree does not lead to it.
 */
export type DifferenceKind =
  'missing' | 'extra' | 'type' | 'mode' | 'content' | 'target' | 'links' | 'leftover' | 'unreadable' | 'via';

export interface Difference {
  readonly kind: DifferenceKind;
  readonly path: TreePath;
  /** One sentence for people. */
  readonly note: string;
}

/** A program of the tree that was run with the old place hidden. */
export interface ProgramRun {
  readonly program: TreePath;
  readonly ok: boolean;
  /** What it said, or why it did not run. */
  readonly note: string;
}

export interface Verdict {
  readonly version: 1;
  readonly subject: 'archive' | 'tree';
  readonly path: AbsolutePath;
  /** No difference, and every program ran. */
  readonly ok: boolean;
  readonly checked: { readonly entries: number; readonly files: number; readonly bytes: number };
  /** In byte order of the paths. */
  readonly differences: readonly Difference[];
  readonly programs: readonly ProgramRun[];
  /** What the host must offer, and the longest destination in bytes that fits: of an archive; null of a tree. */
  readonly requirements: Requirements | null;
  readonly maxPrefixBytes: number | null;
  /** What could not be checked, in sentences. */
  readonly warnings: readonly string[];
}
