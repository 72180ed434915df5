/** A plan: what would be done, as plain JSON. It can be printed, compared and applied; nothing else changes a tree. */
import type { Bundle } from './bundle.ts';
import { asAbsolutePath, type AbsolutePath, type TreePath } from './path.ts';
import type { AbsoluteForm, Reference, Splice } from './reference.ts';
import type { Dependent } from './scan.ts';
import type { Seal } from './seal.ts';

/** The text that stands for the tree's place in a template or an archive until it is rendered. */
export const PLACEHOLDER = '@@RELOCATE_PREFIX@@';

/** The same as a prefix: a tree that was made a template is known by it, so that it can be filled in. It is no path of any host. */
export const PLACEHOLDER_PREFIX: AbsolutePath = asAbsolutePath(PLACEHOLDER);

export type EditForm = 'relative' | 'placeholder' | 'prefix';

export interface Edit {
  readonly reference: Reference;
  readonly form: EditForm;
  /** For people: the text that comes in its place. */
  readonly replacement: string;
}

/**
 * Why a reference stays as it is.
 * `in-place` it is absolute and says the right place already; `cannot-grow` the new path does not fit its slot;
 * `cannot-escape` the format has no way to write a character of the new path there; `blocked` can't be
 * changed; `outside` a requirement of the host; `harmless` nothing depends on it; `unsafe` needs `--unsafe`; `opted-out` `--only`,
 * `--except`, or an `[[allow]]`; `unwritable` the file or its folder can't be changed; `other-device` beyond a mount point.
 */
export type RefusalReason =
  | 'in-place'
  | 'cannot-grow'
  | 'cannot-escape'
  | 'blocked'
  | 'outside'
  | 'harmless'
  | 'unsafe'
  | 'opted-out'
  | 'unwritable'
  | 'other-device';

export interface Refusal {
  readonly reference: Reference;
  readonly reason: RefusalReason;
  /** One sentence for people, with the room there is for `cannot-grow`. */
  readonly note: string;
}

/** A place of the new bytes that install fills in: offsets count in the bytes after the splices. */
export interface RenderSite extends AbsoluteForm {}

/**
 * One file's change. `before` is the sha256 (hex) the file must have, else the plan is stale. Exactly one of:
 * splices (sorted, not overlapping; may be empty when only dependents change it), a symlink's new target, or removal.
 */
export type FileChange = {
  readonly file: TreePath;
  readonly aliases: readonly TreePath[];
  readonly before: string;
  readonly edits: readonly Edit[];
} & (
  | {
      readonly kind: 'content';
      readonly splices: readonly Splice[];
      /** Rows of other files' digests that this file holds, resolved when the new digests are known. */
      readonly follows: readonly Extract<Dependent, { kind: 'record-row' }>[];
      /** Sites that hold a placeholder after the change; empty unless the plan makes a template. */
      readonly renders: readonly RenderSite[];
      /** Hashes of the file's own bytes, made anew behind all splices; the file keeps its size. Empty for what is not signed. */
      readonly seals: readonly Seal[];
    }
  | { readonly kind: 'retarget'; readonly target: string }
  /** Byte code whose source changed. */
  | { readonly kind: 'remove'; readonly reason: string }
);

export interface Relocation {
  readonly from: AbsolutePath;
  readonly base: TreePath;
  /** Null where the plan writes placeholders. */
  readonly to: AbsolutePath | null;
}

export interface Plan {
  readonly version: 1;
  readonly tree: AbsolutePath;
  readonly relocations: readonly Relocation[];
  /** The short link to the tree that fixed slots name; null where they name the place itself. */
  readonly via: AbsolutePath | null;
  /** Sorted by file. */
  readonly changes: readonly FileChange[];
  readonly refusals: readonly Refusal[];
  /** Pythons that come into the tree. */
  readonly bundle?: PlannedBundle;
}

/** What comes along, and the changes of its own files, which stand in the bundle's folder until they are in the tree. Sorted by file. */
export interface PlannedBundle extends Bundle {
  readonly changes: readonly FileChange[];
}
