/** Copies of files that change while they are packed. */
import { createHash } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirName, type AbsolutePath, type TreePath } from '../model/path.ts';
import { errorCode, hostPath } from './entries.ts';

const CHUNK = 1024 * 1024;

/**
 * Copies a file to the same path below `folder`; what is in it is copied once, as it is at that time. Returns the sha256 (hex) of the
 * copy, null where the file is gone. Other errors of the system are thrown.
 */
export function copyAside(tree: AbsolutePath, path: TreePath, folder: AbsolutePath): string | null {
  const from = tryOpen(hostPath(tree, path));
  if (from === null) return null;
  try {
    mkdirSync(hostPath(folder, dirName(path)), { recursive: true, mode: 0o700 });
    const to = openSync(hostPath(folder, path), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      return copy(from, to);
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}

function tryOpen(place: Buffer): number | null {
  try {
    return openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error))) return null;
    throw error;
  }
}

function copy(from: number, to: number): string {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let got = readSync(from, buffer); got > 0; got = readSync(from, buffer)) {
    digest.update(buffer.subarray(0, got));
    for (let at = 0; at < got;) at += writeSync(to, buffer, at, got - at);
  }
  return digest.digest('hex');
}
