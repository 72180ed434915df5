/** Compiled terminal descriptions: a table of strings, each ended by a NUL and found by its offset. Source: term(5). */

/** Magic numbers, little-endian: numbers of 16 bits (0432 octal), and of 32 bits (01036). */
const MAGICS: ReadonlySet<number> = new Set([0x011a, 0x021e]);
const HEADER_BYTES = 12;

/** Whether a file is one: its magic, and a first section (the names, ended by a NUL) that fits the header. */
export function isTerminfo(head: Buffer): boolean {
  if (head.length < HEADER_BYTES || !MAGICS.has(head.readUInt16LE(0))) return false;
  const nameBytes = head.readUInt16LE(2);
  const end = HEADER_BYTES + nameBytes;
  return nameBytes > 1 && end <= head.length && head.indexOf(0, HEADER_BYTES) === end - 1;
}
