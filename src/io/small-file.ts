/** Reads records and settings whole: never waits on a FIFO, and takes no more than it was told to. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { decodeBytes, showBytes } from '../formats/byte-text.ts';
import { UsageError } from '../model/errors.ts';
import { fill } from './fill.ts';

/**
 * The bytes of a regular file of up to `limit` bytes. With `follow` its last name may be a symlink.
 * @throws UsageError where it is no regular file or larger; the system's error where it can't be opened
 */
export function readSmallFile(place: Buffer, limit: number, follow = false): Buffer {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
  const descriptor = openSync(place, flags);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new UsageError(`${showBytes(decodeBytes(place))} is no regular file`);
    if (stat.size > limit)
      throw new UsageError(`${showBytes(decodeBytes(place))} has ${stat.size} bytes; relocate reads up to ${limit}`);
    const bytes = Buffer.allocUnsafe(stat.size);
    return bytes.subarray(0, fill(descriptor, bytes, 0));
  } finally {
    closeSync(descriptor);
  }
}
