/** One run at a time in a tree, or at a place where a tree will be. The lock ends with the run that holds it, however that ends. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';
import { LockedError } from '../model/errors.ts';
import { fileHolder, lockByFile } from './lock-file.ts';
import type { Holder } from './lock-holder.ts';
import { lockBySocket, socketHolder } from './lock-socket.ts';
import { absolutePath } from './places.ts';

/**
 * Runs `run` while no other run of relocate works on the folder at `path`, by whatever name it is reached. Where nothing is there yet, the
 * name in its parent folder is locked. Not re-entrant. `what` is one word that another run is told.
 * @throws LockedError at once where another run holds it
 */
export async function withLock<T>(path: string, what: string, run: () => Promise<T>): Promise<T> {
  const key = lockKey(path);
  const attempt = process.platform === 'linux' ? await lockBySocket(key, what) : await lockByFile(key, what);
  if ('heldBy' in attempt) throw lockedBy(attempt.heldBy, path);
  try {
    return await run();
  } finally {
    await attempt.release();
  }
}

/** Who is at work in the folder at `path`; null where nobody is. */
export async function lockHolder(path: string): Promise<Holder | null> {
  const key = lockKey(path);
  return process.platform === 'linux' ? await socketHolder(key) : fileHolder(key);
}

/** What whoever comes second is told. */
export function lockedBy({ pid, what }: Holder, path: string): LockedError {
  const who = what === '' ? 'another run of relocate' : `relocate ${what}`;
  return new LockedError(
    `${who}${pid === null ? '' : ` (process ${pid})`} is at work in ${path}; wait until it is done`,
  );
}

/** Device and inode: the same for every name of a folder. */
function lockKey(path: string): string {
  const place = absolutePath(path);
  const stat = statSync(encodeBytes(place), { bigint: true, throwIfNoEntry: false });
  if (stat !== undefined) return `${stat.dev}:${stat.ino}`;
  const slash = place.lastIndexOf('/');
  const parent = statSync(encodeBytes(place.slice(0, slash) || '/'), { bigint: true });
  return `${parent.dev}:${parent.ino}:${createHash('sha256')
    .update(encodeBytes(place.slice(slash + 1)))
    .digest('hex')
    .slice(0, 16)}`;
}
