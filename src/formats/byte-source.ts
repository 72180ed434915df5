/** Bytes of a file that may be too large to hold: what readers of binary formats read from. */

export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** All of it, where it is held whole. */
  readonly bytes?: Buffer | null;
  /** The bytes [start, end), clamped to the file; valid only until the next call. */
  region(start: number, end: number): Buffer;
}

/** A buffer as a source. */
export function sourceOf(bytes: Buffer): ByteSource {
  return { size: bytes.length, bytes, region: (start, end) => bytes.subarray(Math.max(0, start), Math.max(0, end)) };
}

/** Fixed-size numbers of a binary format, in one byte order. Every read is checked against the file's end. */
export interface NumberReader {
  readonly isLittleEndian: boolean;
  u8(offset: number): number;
  u16(offset: number): number;
  u32(offset: number): number;
  /** @throws RangeError where the number is larger than Number.MAX_SAFE_INTEGER */
  u64(offset: number): number;
}

/** The upper half of Number.MAX_SAFE_INTEGER. */
const SAFE_HIGH = 2 ** 21 - 1;

/**
 * Reads numbers from a source.
 * @throws RangeError, from each read, where the file ends before the number does
 */
export function numbersOf(source: ByteSource, isLittleEndian: boolean): NumberReader {
  const whole = source.bytes ?? null;
  /** What was asked for last stands in it. Headers have hundreds of numbers: no part of a file that is held is cut out for one. */
  let held = whole ?? Buffer.alloc(0);
  /** Where in `held` the number at an offset of the file begins. */
  const at = (offset: number, width: number): number => {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + width > source.size) throw tooShort(offset, width);
    if (whole !== null) return offset;
    held = source.region(offset, offset + width);
    if (held.length < width) throw tooShort(offset, width);
    return 0;
  };
  const tooShort = (offset: number, width: number): RangeError =>
    new RangeError(`${width} bytes are read at ${offset}, and the file has ${source.size}`);
  const u32 = (from: number): number => (isLittleEndian ? held.readUInt32LE(from) : held.readUInt32BE(from));
  return {
    isLittleEndian,
    u8: (offset) => {
      const from = at(offset, 1);
      return held.readUInt8(from);
    },
    u16: (offset) => {
      const from = at(offset, 2);
      return isLittleEndian ? held.readUInt16LE(from) : held.readUInt16BE(from);
    },
    u32: (offset) => u32(at(offset, 4)),
    u64: (offset) => {
      const from = at(offset, 8);
      const [high, low] = isLittleEndian ? [u32(from + 4), u32(from)] : [u32(from), u32(from + 4)];
      if (high > SAFE_HIGH) throw new RangeError(`the number at ${offset} is out of range`);
      return high * 2 ** 32 + low;
    },
  };
}

/** A number as a file holds it. */
export function numberBytes(value: number, width: 2 | 4 | 8, isLittleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(width);
  if (width === 8) {
    if (isLittleEndian) bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeBigUInt64BE(BigInt(value));
  } else if (isLittleEndian) bytes.writeUIntLE(value, 0, width);
  else bytes.writeUIntBE(value, 0, width);
  return bytes;
}
