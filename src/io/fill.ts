/** Reads a stretch of an open file: `readSync` may give less than was asked for. */
import { readSync } from 'node:fs';

/**
 * Reads from an offset of the file until the buffer is full or the file ends; returns the bytes read. `expected`: with so many it is at
 * its end, as far as is known, and is not asked again.
 */
export function fill(descriptor: number, buffer: Uint8Array, position: number, expected = 0): number {
  let filled = 0;
  while (filled < buffer.length) {
    const got = readSync(descriptor, buffer, filled, buffer.length - filled, position + filled);
    filled += got;
    if (got === 0 || filled === expected) break;
  }
  return filled;
}
