/** Keeps the inodes that a run replaces: a second name in the journal, so that undo brings back the very same ones. */
import {
  chmodSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { showBytes } from '../formats/byte-text.ts';
import { UsageError } from '../model/errors.ts';
import type { Step } from '../formats/journal-records.ts';
import type { TreePath } from '../model/path.ts';
import { errorCode, openPath } from './entries.ts';
import { placeIn, type Run } from './journal.ts';
import { setTimeRoughly } from './times.ts';

/** What link(2) says where a file system or the kernel's settings refuse hard links, or an inode has as many as it can. */
const REFUSED = ['EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Gives the inode at the first path of a step a name in the run's folder. Where that is refused, the journal gets a copy.
 * @returns whether it is the inode itself
 * @throws UsageError where the path lies beyond a mount point
 */
export function keepOriginal(run: Run, index: number, { path, kind }: Pick<Step, 'path' | 'kind'>): boolean {
  const from = openPath(run.tree, path);
  const to = placeIn(run, 'orig', index);
  try {
    return linkEntry(from, to, kind === 'retarget');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EXDEV') throw beyondMount(path);
    if (!REFUSED.includes(code)) throw error;
    copyEntry(from, to);
    return false;
  }
}

/** A second name for a file or a symlink. Where link(2) follows symlinks (macOS), the symlink gets a twin instead, and the answer is false. */
export function linkEntry(from: Buffer | string, to: Buffer | string, isSymlink: boolean): boolean {
  linkSync(from, to);
  if (!isSymlink || !lstatSync(from).isSymbolicLink() || lstatSync(to).isSymbolicLink()) return true;
  unlinkSync(to);
  copyEntry(from, to);
  return false;
}

export function beyondMount(path: TreePath): UsageError {
  return new UsageError(
    `${showBytes(path)} lies beyond a mount point inside the tree and can not be replaced in one step with the rest; unmount it, or leave it out with --except`,
  );
}

function copyEntry(from: Buffer | string, to: Buffer | string): void {
  const stat = lstatSync(from, { bigint: true });
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from, { encoding: 'buffer' }), to);
  else copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  lchownSync(to, Number(stat.uid), Number(stat.gid));
  if (!stat.isSymbolicLink()) chmodSync(to, Number(stat.mode & 0o7777n));
  setTimeRoughly(to, stat, stat.mtimeNs);
}
