/** A file on the disk as a source of bytes, read by windows: for headers of files that may be large. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../formats/byte-source.ts';

const WINDOW = 16 * 1024;

/**
 * What `read` makes of a regular file; null where there is none that can be read. Waits on nothing.
 * @param follow whether the last name may be a symlink
 */
export function readHeaders<T>(place: Buffer, follow: boolean, read: (source: ByteSource) => T | null): T | null {
  let descriptor: number;
  try {
    descriptor = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW));
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() ? read(windowed(descriptor, stat.size)) : null;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return null;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function windowed(descriptor: number, size: number): ByteSource {
  let known = { start: 0, bytes: Buffer.alloc(0) };
  return {
    size,
    region(start, end) {
      const from = Math.min(size, Math.max(0, start));
      const to = Math.min(size, Math.max(from, end));
      if (from < known.start || to > known.start + known.bytes.length) {
        const bytes = Buffer.allocUnsafe(Math.min(size - from, Math.max(WINDOW, to - from)));
        known = { start: from, bytes: bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, from)) };
      }
      return known.bytes.subarray(from - known.start, to - known.start);
    },
  };
}
