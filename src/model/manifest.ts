/**
 * The manifest: what an archive holds, one line of JSON for each entry. It is the first file of the archive, and the copy in an
 * installed tree (`.relocate/manifest.json`) lets the tree be verified. `docs/manifest.schema.json` says the same for other tools.
 */
import type { ManifestEntry, Ownership } from './manifest-entry.ts';
import type { TreePath } from './path.ts';
import { asTreePath } from './path.ts';
import type { RefusalReason } from './plan.ts';
import type { Requirements } from './requirements.ts';

/** Where relocate's own files stand in an archive and in an installed tree. */
export const OWN_PATHS: Readonly<
  Record<'folder' | 'manifest' | 'installScript' | 'renderList' | 'digestList', TreePath>
> = {
  folder: asTreePath('.relocate'),
  manifest: asTreePath('.relocate/manifest.json'),
  installScript: asTreePath('.relocate/install.sh'),
  renderList: asTreePath('.relocate/render.list'),
  digestList: asTreePath('.relocate/digests.list'),
};

export interface Manifest {
  readonly version: 1;
  readonly tool: { readonly name: 'relocate'; readonly version: string };
  /** Name and version of the tree, from relocate.toml; empty where it has none. */
  readonly tree: { readonly name: string; readonly version: string };
  /** What stands in text for the place until install renders it. */
  readonly placeholder: string;
  /** Prefixes of the build that something in the archive still names; empty where nothing does. */
  readonly origins: readonly Origin[];
  readonly root: Ownership & { readonly mode: number };
  /** Whether extended attributes were looked at: they can't be without `getfattr`. */
  readonly attributes: 'recorded' | 'unknown';
  /** install.sh and render.list, which follow the manifest; digests.list comes behind them and tells the manifest's own digest. */
  readonly own: readonly OwnFile[];
  readonly totals: Totals;
  readonly requirements: Requirements;
  /** The longest destination, in bytes, that every fixed slot can hold; null where none limits it. */
  readonly maxPrefixBytes: number | null;
  /** Globs of files that change by themselves (logs, databases): what they hold later is no difference. */
  readonly volatile: readonly string[];
  readonly leftOut: readonly LeftOut[];
  readonly refusals: readonly LeftReference[];
  /** In byte order of their paths. */
  readonly entries: readonly ManifestEntry[];
}

/** All of a manifest but the list of entries, which may be long. */
export type ManifestHead = Omit<Manifest, 'entries'>;

export interface Origin {
  readonly path: string;
  /** What the prefix was in the tree, as in Prefix. */
  readonly base: string;
}

export interface OwnFile {
  readonly path: TreePath;
  readonly size: number;
  readonly sha256: string;
}

export interface Totals {
  readonly entries: number;
  readonly files: number;
  /** Bytes of all files as the archive holds them, hard links once. */
  readonly bytes: number;
}

export interface LeftOut {
  readonly path: TreePath;
  /** `excluded` by a glob; `skipped` because an archive can't hold it (a socket); `removed` by the plan (stale byte code). */
  readonly why: 'excluded' | 'skipped' | 'removed';
  /** The glob, the build that left it behind, or a sentence. */
  readonly by: string;
}

/** References of one file that stay as they are. */
export interface LeftReference {
  readonly file: TreePath;
  readonly code: string;
  readonly reason: RefusalReason;
  readonly count: number;
}
