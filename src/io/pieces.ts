/** Reads a file piece by piece, so that a file of any size takes little memory. */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';

const PIECE = 1024 * 1024;

/** Buffers that no reader has at present: one for each file would be garbage faster than it is collected. */
const free: Buffer[] = [];

/** The bytes of a regular file; a piece is valid until the next is asked for. Follows no symlink at the last name, never waits on a FIFO. */
export function* readPieces(place: Buffer): Generator<Buffer, void, void> {
  const descriptor = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const buffer = free.pop() ?? Buffer.allocUnsafe(PIECE);
  try {
    for (let got = readSync(descriptor, buffer); got > 0; got = readSync(descriptor, buffer))
      yield buffer.subarray(0, got);
  } finally {
    free.push(buffer);
    closeSync(descriptor);
  }
}

/** The first bytes of a regular file; none where it can't be read. */
export function readHead(place: Buffer, length: number): Buffer {
  try {
    const descriptor = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return Buffer.alloc(0);
  }
}

/** sha256 (hex) and number of the bytes. */
export function digestPieces(pieces: Iterable<Buffer>): { readonly digest: string; readonly size: number } {
  const digest = createHash('sha256');
  let size = 0;
  for (const piece of pieces) {
    digest.update(piece);
    size += piece.length;
  }
  return { digest: digest.digest('hex'), size };
}
