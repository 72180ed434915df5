/** Reads records and settings whole: never waits on a FIFO, and takes no more than it was told to. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { decodeBytes, showBytes } from '../formats/byte-text.ts';
import { UsageError } from '../model/errors.ts';
import { fill } from './fill.ts';

/** What is read at a time in pieces. */
const PIECE = 256 * 1024;

/**
 * The bytes of a regular file of up to `limit` bytes. With `follow` its last name may be a symlink.
 * @throws UsageError where it is no regular file or larger; the system's error where it can't be opened
 */
export function readSmallFile(place: Buffer, limit: number, follow = false): Buffer {
  const { descriptor, size } = openSmallFile(place, limit, follow);
  try {
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, fill(descriptor, bytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The same in pieces, each valid until the next is asked for. The file is opened at once, and to be read to its end.
 * @throws what `readSmallFile` throws
 */
export function smallFilePieces(place: Buffer, limit: number): Iterable<Buffer> {
  return pieces(openSmallFile(place, limit, false));
}

function* pieces({ descriptor, size }: OpenFile): Generator<Buffer, void, void> {
  try {
    const buffer = Buffer.allocUnsafe(Math.min(size, PIECE));
    for (let at = 0; at < size;) {
      const got = fill(descriptor, buffer.subarray(0, Math.min(buffer.length, size - at)), at);
      if (got === 0) return;
      yield buffer.subarray(0, got);
      at += got;
    }
  } finally {
    closeSync(descriptor);
  }
}

interface OpenFile {
  readonly descriptor: number;
  readonly size: number;
}

function openSmallFile(place: Buffer, limit: number, follow: boolean): OpenFile {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
  const descriptor = openSync(place, flags);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new UsageError(`${showBytes(decodeBytes(place))} is no regular file`);
    if (stat.size > limit)
      throw new UsageError(`${showBytes(decodeBytes(place))} has ${stat.size} bytes; relocate reads up to ${limit}`);
    return { descriptor, size: stat.size };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
