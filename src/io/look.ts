/** Looks at a place of this host: exact numbers, no link followed, nothing there is no error. */
import { lstatSync, type BigIntStats } from 'node:fs';
import { errorCode } from './entries.ts';

/** Null where nothing is. Throws the system's error where it can't be looked at. */
export function lookAt(place: Buffer | string): BigIntStats | null {
  try {
    // asked for, the answer that nothing is there costs no exception
    return lstatSync(place, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** Whether two looks saw the same inode. */
export function isSameInode(left: BigIntStats, right: BigIntStats): boolean {
  return left.ino === right.ino && left.dev === right.dev;
}
