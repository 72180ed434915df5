/** A scanned entry as one short text, to be kept outside of the heap and read again. */
import type { EntryType, ScannedEntry } from '../model/entry.ts';
import type { TreePath } from '../model/path.ts';

type Fields = readonly [
  path: TreePath,
  type: EntryType,
  size: number,
  mode: number,
  uid: number,
  gid: number,
  mtime: string,
  device: string,
  inode: string,
  links: number,
  blocks: number,
  digest: string | null,
  target?: string | null,
  rdev?: number | null,
];

export function entryText(entry: ScannedEntry): string {
  const { path, type, size, mode, uid, gid, mtime, device, inode, links, blocks, digest = null, target, rdev } = entry;
  const fields: Fields = [path, type, size, mode, uid, gid, mtime, device, inode, links, blocks, digest];
  // JSON keeps every string as it is, those with lone surrogates too
  return JSON.stringify(target === undefined && rdev === undefined ? fields : [...fields, target, rdev]);
}

export function parseEntryText(text: string): ScannedEntry {
  // written by entryText
  const fields = JSON.parse(text) as Fields;
  const [path, type, size, mode, uid, gid, mtime, device, inode, links, blocks, digest, target, rdev] = fields;
  // not spread: there is one for nearly every entry
  if (digest !== null) return { path, type, size, mode, uid, gid, mtime, device, inode, links, blocks, digest };
  const entry = { path, type, size, mode, uid, gid, mtime, device, inode, links, blocks };
  if (typeof target === 'string') return { ...entry, target };
  return typeof rdev === 'number' ? { ...entry, rdev } : entry;
}
