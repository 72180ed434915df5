/** The entries of a manifest: what an archive holds at each path, and what install does there. */
import type { TreePath } from './path.ts';
import type { AbsoluteForm } from './reference.ts';
import type { Seal } from './seal.ts';

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
