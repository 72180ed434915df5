/** Looks at a place of this host: exact numbers, no link followed, nothing there is no error. */
import { lstatSync, type BigIntStats } from 'node:fs';
import { errorCode } from './entries.ts';

/** Null where nothing is. Throws the system's error where it can't be looked at. */
export function lookAt(place: Buffer): BigIntStats | null {
  try {
    return lstatSync(place, { bigint: true });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/** Whether two looks saw the same inode. */
export function isSameInode(left: BigIntStats, right: BigIntStats): boolean {
  return left.ino === right.ino && left.dev === right.dev;
}

/** Whether a file takes less room on the disk than its size: it has holes. `blocks` count 512 bytes (stat(2)). */
export function isSparse(place: Buffer): boolean {
  const { blocks, size } = lstatSync(place);
  return blocks * 512 < size;
}
