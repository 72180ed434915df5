/** What must be known of a file before it is changed: its digest, and whether it can be replaced at all. */
import { accessSync, closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { createHash, hash } from 'node:crypto';
import { encodeBytes } from '../formats/byte-text.ts';
import type { Entry } from '../model/entry.ts';
import { dirName, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { FileFacts } from '../model/scan.ts';
import { hostPath } from './entries.ts';

/** Looks whether a file of the tree can be replaced: its folder writable, on the tree's own file system. */
export function obstacleTo(root: AbsolutePath, file: TreePath): Pick<FileFacts, 'obstacle'> {
  try {
    const folder = hostPath(root, dirName(file));
    // the folder's device, not the file's: on overlayfs a file of a lower layer has another one
    if (lstatSync(folder).dev !== lstatSync(hostPath(root, '')).dev) return { obstacle: 'other-device' };
    accessSync(folder, constants.W_OK | constants.X_OK);
    return {};
  } catch {
    return { obstacle: 'unwritable' };
  }
}

/** The facts of a regular file that is read anew. Throws the system's error where it can't be read. */
export function factsOfFile(root: AbsolutePath, file: TreePath, aliases: readonly TreePath[]): FileFacts {
  const place = hostPath(root, file);
  const stat = lstatSync(place);
  return {
    file,
    aliases,
    digest: digestFile(place),
    size: stat.size,
    mode: stat.mode & 0o7777,
    ...obstacleTo(root, file),
  };
}

/** The facts of a symlink; its digest is that of its text. */
export function factsOfSymlink(root: AbsolutePath, entry: Entry): FileFacts {
  const text = encodeBytes(entry.target ?? '');
  const facts = { file: entry.path, aliases: [], digest: hash('sha256', text), size: text.length, mode: entry.mode };
  return { ...facts, ...obstacleTo(root, entry.path) };
}

/** sha256, hex, of a regular file, with little memory. Follows no symlink. */
export function digestFile(place: Buffer | string): string {
  const file = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const digest = createHash('sha256');
    const buffer = Buffer.allocUnsafe(256 * 1024);
    for (let got = readSync(file, buffer); got > 0; got = readSync(file, buffer))
      digest.update(buffer.subarray(0, got));
    return digest.digest('hex');
  } finally {
    closeSync(file);
  }
}
