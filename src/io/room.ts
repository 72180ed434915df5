/** How much a file system can still take. */
import { statfsSync } from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';
import type { AbsolutePath } from '../model/path.ts';

export interface Room {
  readonly bytes: number;
  /** New files and folders; null where the file system does not count them. */
  readonly inodes: number | null;
}

/** The room below a folder for who asks. */
export function roomAt(folder: AbsolutePath): Room {
  const { bavail, bsize, files, ffree } = statfsSync(encodeBytes(folder));
  return { bytes: bavail * bsize, inodes: files === 0 ? null : ffree };
}
