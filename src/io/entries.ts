/** Reading folders and entries: names as bytes, nothing followed, nothing opened. */
import { lstatSync, readdirSync, readlinkSync, type BigIntStats, type Stats } from 'node:fs';
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import type { Entry, EntryType } from '../model/entry.ts';
import { joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';

/** The bytes of a path of this host, for `node:fs`. */
export function hostPath(root: AbsolutePath, path: string): Buffer {
  return encodeBytes(joinAbsolute(root, path));
}

/** The same as text where the path is text, which is quicker. */
export function openPath(root: AbsolutePath, path: string): Buffer | string {
  const place = joinAbsolute(root, path);
  return place.isWellFormed() ? place : encodeBytes(place);
}

/** The system's code of an error (`ENOENT`), or the error's message where it has none. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return String(error);
}

/** Looks at one path of a tree. Throws the system's error where it can't be looked at. */
export function readEntry(root: AbsolutePath, path: TreePath): Entry {
  const place = hostPath(root, path);
  const stat = lstatSync(place, { bigint: true });
  const type = entryType(stat);
  return {
    path,
    type,
    size: type === 'file' ? Number(stat.size) : 0,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: stat.mtimeNs.toString(),
    device: stat.dev.toString(),
    inode: stat.ino.toString(),
    links: Number(stat.nlink),
    blocks: Number(stat.blocks),
    ...(type === 'symlink' ? { target: decodeBytes(readlinkSync(place, { encoding: 'buffer' })) } : {}),
    ...(type === 'character-device' || type === 'block-device' ? { rdev: Number(stat.rdev) } : {}),
  };
}

/** What kind of entry a stat describes. */
export function entryType(stat: Stats | BigIntStats): EntryType {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isSocket()) return 'socket';
  return stat.isBlockDevice() ? 'block-device' : 'character-device';
}

/** One name in a folder. */
export interface Name {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'other';
}

/** The names in a folder, in no order. Throws the system's error where it can't be read. */
export function readNames(root: AbsolutePath, folder: TreePath): Name[] {
  // latin1 keeps every byte, and makes the text of most names at once
  return readdirSync(openPath(root, folder), { encoding: 'latin1', withFileTypes: true }).map((entry) => ({
    name: textOf(entry.name),
    type: entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other',
  }));
}

/** What a folder says of one of its entries. */
export interface Listed {
  /** One character a byte: sorts as the bytes do. */
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** What is in a folder, in no order. Throws the system's error where it can't be read. */
export function listing(root: AbsolutePath, folder: TreePath): Listed[] {
  return readdirSync(openPath(root, folder), { encoding: 'latin1', withFileTypes: true });
}

/** What is in a folder, in byte order. Throws the system's error where it can't be read. */
export function sortedListing(root: AbsolutePath, folder: TreePath): readonly Listed[] {
  const listed = listing(root, folder);
  // Node sorts, but does not say so
  return isSorted(listed) ? listed : listed.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isSorted(listed: readonly Listed[]): boolean {
  let before = '';
  for (const { name } of listed) {
    if (name < before) return false;
    before = name;
  }
  return true;
}

/** The names in a folder, in byte order. Throws the system's error where it can't be read. */
export function sortedNames(place: Buffer): string[] {
  // latin1 sorts as the bytes do
  return readdirSync(place, { encoding: 'latin1' }).sort().map(textOf);
}

/** The text of a name that has one character a byte. */
export function textOf(latin1: string): string {
  return NOT_ASCII.test(latin1) ? decodeBytes(Buffer.from(latin1, 'latin1')) : latin1;
}

const NOT_ASCII = /[^\0-\x7f]/;
