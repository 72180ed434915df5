/** C strings in binaries: where they begin and end, and whether something in front counts their bytes. */

/** A NUL-terminated string. */
export interface CString {
  /** The first byte of the run of text that the NUL ends. */
  readonly start: number;
  /** The offset of the NUL. */
  readonly end: number;
}

/**
 * The string around the bytes [from, to), within `bytes`: back to a NUL or control character, on to the NUL. Null where no NUL follows,
 * or a control character other than white space stands before it. `width` 2 or 4 for wide strings, whose NUL is as wide.
 */
export function cStringAround(bytes: Buffer, from: number, to: number, width: 1 | 2 | 4 = 1): CString | null {
  let end = to;
  while (end + width <= bytes.length && !isTerminator(bytes, end, width)) {
    if (width === 1 && !isTextByte(bytes[end] ?? 0)) return null;
    end += width;
  }
  if (end + width > bytes.length) return null;
  let start = from;
  while (
    start - width >= 0 &&
    !isTerminator(bytes, start - width, width) &&
    (width > 1 || isTextByte(bytes[start - 1] ?? 0))
  )
    start -= width;
  return { start, end };
}

/**
 * Whether the number in front of `start` says `length`: one, two, four or eight bytes in either order, or a varint (LEB128). Small
 * numbers that are as likely the tail of the string before (`…a\0`) do not count.
 */
export function isCounted(bytes: Buffer, start: number, length: number): boolean {
  if (length < 1) return false;
  return (
    littleEndian(bytes, start, length) ||
    bigEndian(bytes, start, length) ||
    varint(bytes, start, length) ||
    single(bytes, start, length)
  );
}

function single(bytes: Buffer, start: number, length: number): boolean {
  return start >= 1 && bytes[start - 1] === length && !isTailOfText(bytes, start - 1);
}

function littleEndian(bytes: Buffer, start: number, length: number): boolean {
  return [2, 4, 8].some((width) => {
    if (start < width || length >= 2 ** (8 * Math.min(width, 4))) return false;
    for (let i = 0; i < width; i++) if (bytes[start - width + i] !== byteOf(length, i)) return false;
    return !isTailOfText(bytes, start - width);
  });
}

function bigEndian(bytes: Buffer, start: number, length: number): boolean {
  return [2, 4, 8].some((width) => {
    if (start < width || length >= 2 ** (8 * Math.min(width, 4))) return false;
    for (let i = 0; i < width; i++) if (bytes[start - 1 - i] !== byteOf(length, i)) return false;
    return true;
  });
}

function varint(bytes: Buffer, start: number, length: number): boolean {
  if (length < 0x80) return false;
  const encoded: number[] = [];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    encoded.push(rest >= 0x80 ? (rest % 128) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  return start >= encoded.length && encoded.every((byte, i) => bytes[start - encoded.length + i] === byte);
}

function byteOf(value: number, index: number): number {
  return index > 3 ? 0 : (value >>> (8 * index)) & 0xff;
}

/** Whether a byte is a letter that follows text: then it is rather the end of a string than a number. */
function isTailOfText(bytes: Buffer, at: number): boolean {
  const before = at > 0 ? (bytes[at - 1] ?? 0) : 0;
  return isPrintable(bytes[at] ?? 0) && isPrintable(before);
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}

function isTextByte(byte: number): boolean {
  return byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b;
}

function isTerminator(bytes: Buffer, at: number, width: number): boolean {
  for (let i = 0; i < width; i++) if (bytes[at + i] !== 0) return false;
  return true;
}
