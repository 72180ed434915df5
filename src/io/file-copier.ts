/** Takes a file of another tree for a new one, where it holds what it should: as a reflink where the file system has them, else as a copy. */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  openSync,
  unlinkSync,
} from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';
import type { AbsolutePath } from '../model/path.ts';
import { hostPath } from './entries.ts';
import { settableTime } from './file-output.ts';
import type { CopyTask } from './file-tasks.ts';
import { digestPieces, readPieces } from './pieces.ts';

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Copies a file, never a link to it: what is done to one tree later must not be done to the other.
 * @returns false where that is not possible, or the copy is not what it should be; then nothing is left of it
 */
export function copyFile(root: AbsolutePath, task: CopyTask): boolean {
  const place = hostPath(root, task.path);
  if (!tryCopy(task, place)) return false;
  // of the copy, not of the original: that may change meanwhile
  if (digestPieces(readPieces(place)).digest !== task.sha256) {
    unlinkSync(place);
    return false;
  }
  settle(task, place);
  return true;
}

function tryCopy({ from, size }: CopyTask, place: Buffer): boolean {
  try {
    const source = openSync(encodeBytes(from), READ);
    try {
      const stat = fstatSync(source);
      if (!stat.isFile() || stat.size !== size) return false;
      // by the descriptor: what is at the path may be another file by now, or a FIFO
      const opened = existsSync('/proc/self/fd') ? `/proc/self/fd/${source}` : encodeBytes(from);
      copyFileSync(opened, place, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      return true;
    } finally {
      closeSync(source);
    }
  } catch {
    // the archive has the file; and what is wrong with the destination shows again when it is written from there
    return false;
  }
}

function settle({ attributes: { mode, mtime } }: CopyTask, place: Buffer): void {
  const descriptor = openSync(place, READ);
  try {
    const time = settableTime(mtime);
    fchmodSync(descriptor, mode);
    futimesSync(descriptor, time, time);
  } finally {
    closeSync(descriptor);
  }
}
