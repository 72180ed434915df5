/** Reads records and settings whole: never waits on a FIFO, and takes no more than it was told to. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The bytes of a regular file of up to `limit` bytes. With `follow` its last name may be a symlink.
 * @throws the system's error where it can't be opened, an Error where it is no regular file or larger
 */
export function readSmallFile(place: Buffer, limit: number, follow = false): Buffer {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
  const descriptor = openSync(place, flags);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error('it is no regular file');
    if (stat.size > limit) throw new Error(`it has ${stat.size} bytes; relocate reads up to ${limit}`);
    const bytes = Buffer.allocUnsafe(stat.size);
    let filled = 0;
    while (filled < bytes.length) {
      const got = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
      if (got === 0) break;
      filled += got;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}
