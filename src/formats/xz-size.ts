/** How many bytes an .xz file becomes, told without unpacking it (The .xz File Format 1.0.4; the LZMA2 chunks as in the xz sources). */

/** The footer (2.1.2) and header (2.1.1) of a stream. */
const STREAM_HEADER = 12;
/** Bytes of the check behind each block, by its type (2.1.1.2). */
const CHECK_BYTES: readonly number[] = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const LZMA2 = 0x21;

/** The sum of what all blocks of the first stream say, chunk by chunk; null where they do not fit together, or use other filters last. */
export function xzContentSize(bytes: Buffer): number | null {
  const check = CHECK_BYTES[(bytes[7] ?? 0) & 0x0f] ?? 0;
  let size = 0;
  let at = STREAM_HEADER;
  // 3.1: a block header begins with its size; a zero in its place begins the index
  while (at < bytes.length && bytes[at] !== 0) {
    const header = ((bytes[at] ?? 0) + 1) * 4;
    const chunks = bytes.subarray(at, at + header).includes(LZMA2) ? chunksAt(bytes, at + header) : null;
    if (chunks === null) return null;
    size += chunks.size;
    at = ((chunks.end + 3) & ~3) + check;
  }
  return at < bytes.length ? size : null;
}

/** LZMA2: a control byte, the unpacked size less one (and the packed one), properties where the control byte asks for them. */
function chunksAt(bytes: Buffer, start: number): { readonly size: number; readonly end: number } | null {
  let size = 0;
  let at = start;
  while (at + 3 <= bytes.length) {
    const control = bytes[at] ?? 0;
    if (control === 0) return { size, end: at + 1 };
    const low = bytes.readUInt16BE(at + 1) + 1;
    if (control < 0x80) {
      if (control > 2) return null;
      size += low;
      at += 3 + low;
    } else {
      if (at + 5 > bytes.length) return null;
      size += ((control & 0x1f) << 16) + low;
      at += (control >= 0xc0 ? 6 : 5) + bytes.readUInt16BE(at + 3) + 1;
    }
  }
  return bytes[at] === 0 ? { size, end: at + 1 } : null;
}
