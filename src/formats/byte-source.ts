/** Bytes of a file that may be too large to hold: what readers of binary formats read from. */

export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** The bytes [start, end), clamped to the file; valid only until the next call. */
  region(start: number, end: number): Buffer;
}

/** A buffer as a source. */
export function sourceOf(bytes: Buffer): ByteSource {
  return { size: bytes.length, region: (start, end) => bytes.subarray(Math.max(0, start), Math.max(0, end)) };
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

/**
 * Reads numbers from a source.
 * @throws RangeError, from each read, where the file ends before the number does
 */
export function numbersOf(source: ByteSource, isLittleEndian: boolean): NumberReader {
  const at = (offset: number, width: number): Buffer => {
    const bytes = Number.isSafeInteger(offset) && offset >= 0 ? source.region(offset, offset + width) : null;
    if (bytes === null || bytes.length < width)
      throw new RangeError(`${width} bytes are read at ${offset}, and the file has ${source.size}`);
    return bytes;
  };
  const u32 = (offset: number): number =>
    isLittleEndian ? at(offset, 4).readUInt32LE(0) : at(offset, 4).readUInt32BE(0);
  return {
    isLittleEndian,
    u8: (offset) => at(offset, 1).readUInt8(0),
    u16: (offset) => (isLittleEndian ? at(offset, 2).readUInt16LE(0) : at(offset, 2).readUInt16BE(0)),
    u32,
    u64: (offset) => {
      const value = isLittleEndian ? at(offset, 8).readBigUInt64LE(0) : at(offset, 8).readBigUInt64BE(0);
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`the number at ${offset} is out of range`);
      return Number(value);
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
