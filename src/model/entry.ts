/** An entry: one path of the tree as the walk saw it. Nothing is opened, no symlink is followed. */
import type { TreePath } from './path.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character-device' | 'block-device';

export interface Entry {
  readonly path: TreePath;
  readonly type: EntryType;
  /** Bytes; 0 for what is not a regular file. */
  readonly size: number;
  /** Permission bits with setuid, setgid and sticky: `mode & 0o7777`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since the epoch, decimal (may be negative). */
  readonly mtime: string;
  readonly device: string;
  readonly inode: string;
  readonly links: number;
  /** A symlink's text. */
  readonly target?: string;
  /** 512-byte blocks on disk: fewer than the size needs means a sparse file. */
  readonly blocks: number;
  /** Device number of a device node, as the kernel gives it. */
  readonly rdev?: number;
  /** Set where the entry can't be read, with the system's code (`EACCES`); a directory's entries are then unknown. */
  readonly unreadable?: string;
}

/** An entry together with what a scan for a pack made of it. */
export interface ScannedEntry extends Entry {
  /** sha256 (hex) of a regular file that could be read. */
  readonly digest?: string;
}

/** The entries of a tree in byte order of their paths. They may be many, so they are read anew each time they are asked for. */
export interface EntryList extends Iterable<ScannedEntry> {
  readonly length: number;
}
