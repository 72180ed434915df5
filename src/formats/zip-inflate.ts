/** The content of one member of a zip, held whole, and checked. */
import { crc32, inflateRawSync } from 'node:zlib';
import type { ReadRange } from './zip.ts';
import type { ZipEntry } from './zip-entries.ts';

/** The bytes; null where they are not what the directory says of them. */
export function inflateEntry(read: ReadRange, { method, dataAt, packedSize, size, crc }: ZipEntry): Buffer | null {
  const data = Buffer.from(read(dataAt, dataAt + packedSize));
  const content = method === 0 ? data : inflated(data, size);
  return content === null || content.length !== size || crc32(content) !== crc ? null : content;
}

function inflated(data: Buffer, size: number): Buffer | null {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  } catch {
    return null;
  }
}
