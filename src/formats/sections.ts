/** The header of a file of sections: how long each is, and its digest. What is cut off, damaged or of another kind is never taken for one. */
import { hash } from 'node:crypto';

/** Changes with every change of what the sections hold. */
const MAGIC = Buffer.from('relocate scan cache 3\n\0\0', 'latin1');
const DIGEST = 32;
/** Length (a double) and digest of a section. */
const ROW = 8 + DIGEST;
/** Sections begin where an array of doubles may begin. */
const ALIGNED = 8;

export interface Section {
  readonly length: number;
  /** sha256. */
  readonly digest: Uint8Array;
}

/** A section, and where it begins in the file. */
export interface PlacedSection extends Section {
  readonly start: number;
}

export function headerLength(count: number): number {
  return MAGIC.length + count * ROW + DIGEST;
}

/** Bytes between a section of this length and the next. */
export function paddingBehind(length: number): number {
  return (ALIGNED - (length % ALIGNED)) % ALIGNED;
}

export function encodeHeader(sections: readonly Section[]): Buffer {
  const header = Buffer.alloc(headerLength(sections.length));
  header.set(MAGIC);
  let at = MAGIC.length;
  for (const { length, digest } of sections) {
    header.writeDoubleLE(length, at);
    header.set(digest, at + 8);
    at += ROW;
  }
  header.set(hash('sha256', header.subarray(0, at), 'buffer'), at);
  return header;
}

/** Where the sections lie; null where this is no such header, or the file is not as long as it says. Digests of sections are not looked at. */
export function decodeHeader(header: Buffer, count: number, fileLength: number): PlacedSection[] | null {
  const end = headerLength(count) - DIGEST;
  if (header.length !== end + DIGEST || !header.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  if (!hash('sha256', header.subarray(0, end), 'buffer').equals(header.subarray(end))) return null;
  const sections: PlacedSection[] = [];
  let start = header.length;
  for (let at = MAGIC.length; at < end; at += ROW) {
    const length = header.readDoubleLE(at);
    sections.push({ start, length, digest: header.subarray(at + 8, at + ROW) });
    start += length + paddingBehind(length);
  }
  return start === fileLength ? sections : null;
}
