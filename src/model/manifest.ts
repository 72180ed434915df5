/**
 * The manifest: what an archive holds, one line of JSON for each entry. It is the first file of the archive, and the copy in an
 * installed tree (`.relocate/manifest.json`) lets the tree be verified. `docs/manifest.schema.json` says the same for other tools.
 */
import type { TreePath } from './path.ts';
import { asTreePath } from './path.ts';
import type { AbsoluteForm } from './reference.ts';
import type { RefusalReason } from './plan.ts';
import type { Seal } from './seal.ts';

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

/** Owner, where the pack was told to keep it; extended attributes, where there are any. */
export interface Ownership {
  readonly owner?: Owner;
  readonly xattrs?: readonly Attribute[];
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** Empty where the number has no name. */
  readonly user: string;
  readonly group: string;
}

export interface Attribute {
  readonly name: string;
  /** Base64. */
  readonly value: string;
}

interface EntryBase extends Ownership {
  readonly path: TreePath;
  /** Nanoseconds since the epoch, decimal. */
  readonly mtime: string;
}

export interface FileEntry extends EntryBase {
  readonly type: 'file';
  readonly mode: number;
  /** Bytes and sha256 (hex) as the archive holds them. */
  readonly size: number;
  readonly sha256: string;
  /** Set where runs of zeros are to become holes again. */
  readonly sparse?: true;
  /** How many times the file names an origin: fixed slots, and what can't be changed. */
  readonly remains?: number;
  /** Places to fill in with the destination; offsets in the bytes of the archive, in order, not overlapping. */
  readonly sites?: readonly AbsoluteForm[];
  /** Rows of a wheel's RECORD that hold digest and size of a file that has sites. */
  readonly rows?: readonly RecordRow[];
  /** Hashes of the file's own bytes in it (a code signature), made anew behind its sites; only with sites, in the order of what they hash. */
  readonly seals?: readonly Seal[];
}

/** Byte ranges, in the bytes of the archive, of `sha256=...` and of the size. */
export interface RecordRow {
  readonly of: TreePath;
  readonly digest: readonly number[];
  readonly size: readonly number[];
}

export interface DirectoryEntry extends EntryBase {
  readonly type: 'directory';
  readonly mode: number;
}

/** Another name of a file that comes earlier. */
export interface HardLinkEntry extends EntryBase {
  readonly type: 'hard-link';
  readonly target: TreePath;
}

export interface SymlinkEntry extends EntryBase {
  readonly type: 'symlink';
  readonly target: string;
  /** By its text: `inside` the tree or `outside` of it. */
  readonly leads: 'inside' | 'outside';
}

export interface FifoEntry extends EntryBase {
  readonly type: 'fifo';
  readonly mode: number;
}

type DeviceType = 'character-device' | 'block-device';

export interface DeviceEntry<K extends DeviceType = DeviceType> extends EntryBase {
  readonly type: K;
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
}

export type ManifestEntry =
  | FileEntry
  | DirectoryEntry
  | HardLinkEntry
  | SymlinkEntry
  | FifoEntry
  | DeviceEntry<'character-device'>
  | DeviceEntry<'block-device'>;

/** What the host must offer. */
export interface Requirements {
  /**
   * What the tree's native code is made for, in the words of `process.platform` and `process.arch`; those of the build where it has none.
   * An empty `arch` is any.
   */
  readonly platform: string;
  readonly arch: string;
  /** `glibc 2.34`: the lowest with which all of it can be loaded; `glibc`, `musl`; empty where none is needed. */
  readonly libc: string;
  /** Whether the tree holds native programs or libraries, which need that platform. */
  readonly native: boolean;
  /** Libraries that native code loads and no file of the tree provides, in order of their names. */
  readonly libraries: readonly OutsideLibrary[];
  /** Native code for other hosts, which is carried along and asks for nothing. */
  readonly foreign: readonly ForeignCode[];
  /** The Pythons outside the tree on which its virtualenvs stand. */
  readonly interpreters: readonly Interpreter[];
  /** Other paths outside the tree that something in it names: reported where they are missing, never refused. */
  readonly outside: readonly OutsidePath[];
}

export interface Interpreter {
  /** The folder of pyvenv.cfg; the root itself is `''`. */
  readonly environment: TreePath;
  /** `home` of pyvenv.cfg, and the program there. */
  readonly home: string;
  readonly program: string;
  /** `3.11.7`. */
  readonly version: string;
  /** `CPython`, `PyPy`; empty where pyvenv.cfg does not say. */
  readonly implementation: string;
  /** Symlinks of the environment that lead to the program. */
  readonly links: readonly TreePath[];
  /** Values of pyvenv.cfg that name it: byte ranges in the bytes of the archive, in order. */
  readonly values: readonly InterpreterValue[];
}

export interface InterpreterValue {
  readonly start: number;
  readonly end: number;
  /** What stands there: the folder of the program, the program itself, or its `sys.base_prefix`. */
  readonly is: 'home' | 'program' | 'prefix';
}

export interface OutsideLibrary {
  /** The SONAME that is asked for, or an absolute path. */
  readonly name: string;
  /** How many files need it, and the first of them. */
  readonly count: number;
  readonly example: TreePath;
  /** Of each series of symbol versions (`GLIBC`, `GLIBCXX`) the highest that is needed. */
  readonly versions: readonly NeededVersion[];
  /** Folders outside the tree in which those files look for it before all others (RPATH). */
  readonly folders: readonly string[];
}

export interface NeededVersion {
  /** `GLIBC_2.34`. */
  readonly version: string;
  /** The first file that needs it. */
  readonly example: TreePath;
}

export interface ForeignCode {
  readonly platform: string;
  readonly arch: string;
  /** `glibc`, `musl`, or empty. */
  readonly libc: string;
  readonly count: number;
  readonly example: TreePath;
}

export interface OutsidePath {
  readonly path: string;
  /** `loader`: the program that loads native programs (PT_INTERP). */
  readonly kind: 'link' | 'interpreter' | 'loader';
  /** How many files or links name it, and the first of them. */
  readonly count: number;
  readonly example: TreePath;
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
