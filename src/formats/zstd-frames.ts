/**
 * Frames of a compressed archive: zstd frames (RFC 8878) one after the other, each compressed on its own. Ordinary tools read them as one
 * stream. A reader finds the next frame without decompressing: a frame's header tells the size of the contents, and each of its blocks its own.
 */
import { ArchiveError } from '../model/errors.ts';
import type { BytesAt, FrameSizes } from './frame-sizes.ts';

/** How many bytes of the archive a frame holds at most: that many are compressed in one go, and kept by a reader. */
export const ZSTD_FRAME_BYTES: number = 4 * 1024 * 1024;
/** Blocks of a frame: zstd makes 32 to about 110 of 4 MiB, each of which can become 128 KiB. What bounds their number bounds a bomb. */
const MOST_BLOCKS = 1024;
/** What a decoder is asked to keep of what it wrote: level 19 takes 8 MiB. */
const WINDOW_LIMIT: number = 8 * 1024 * 1024;
/** A block that can't be compressed is stored with 3 bytes more. */
const MEMBER_LIMIT: number = ZSTD_FRAME_BYTES + 3 * MOST_BLOCKS + 32;

/** `Magic_Number` (section 3.1.1), little-endian. */
const MAGIC = 0xfd2fb528;
/** Magic and `Frame_Header_Descriptor`, and the most that can follow: window, dictionary, content size. */
const LEAST_HEAD = 5;
const MOST_HEAD = 18;
/** Bits of the `Frame_Header_Descriptor` (section 3.1.1.1.1). */
const SINGLE_SEGMENT = 0x20;
const RESERVED = 0x08;
const CHECKSUM = 0x04;
const DICTIONARY = 0x03;
/** Bytes of the content size by the two upper bits of the descriptor, where there is one. */
const SIZE_BYTES = [0, 2, 4, 8] as const;
const BLOCK_HEAD = 3;
const BLOCK_LIMIT: number = 128 * 1024;
/** Values of `Block_Type` (section 3.1.1.2.2). */
const RLE = 1;
const RESERVED_BLOCK = 3;

/**
 * Measures the frame that begins at a position, by its header and the heads of its blocks.
 * @throws ArchiveError `zstd-header`, `zstd-foreign` (made by another program), `zstd-too-large`, or `archive-truncated`
 */
export function measureZstdFrame(bytesAt: BytesAt, start: number): FrameSizes {
  const { length, contents, hasChecksum } = readHeader(bytesAt(start, MOST_HEAD));
  let at = start + length;
  for (let blocks = 1; blocks <= MOST_BLOCKS; blocks++) {
    const head = bytesAt(at, BLOCK_HEAD);
    if (head.length < BLOCK_HEAD) throw cutShort();
    const value = head.readUIntLE(0, BLOCK_HEAD);
    const kind = (value >> 1) & 3;
    const size = value >> 3;
    if (kind === RESERVED_BLOCK || size > BLOCK_LIMIT)
      throw new ArchiveError('zstd-header', 'a block of a zstd frame has no head that can be: the archive is damaged');
    at += BLOCK_HEAD + (kind === RLE ? 1 : size);
    if (at - start > MEMBER_LIMIT) break;
    if ((value & 1) === 1) return { member: at - start + (hasChecksum ? 4 : 0), contents };
  }
  throw new ArchiveError('zstd-too-large', 'a zstd frame goes on for longer than any that relocate writes');
}

function readHeader(head: Buffer): {
  readonly length: number;
  readonly contents: number;
  readonly hasChecksum: boolean;
} {
  if (head.length < LEAST_HEAD) throw cutShort();
  const magic = head.readUInt32LE(0);
  if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) throw foreign('holds a skippable frame');
  if (magic !== MAGIC)
    throw new ArchiveError(
      'zstd-header',
      'something follows the last zstd frame of the archive, or a frame is damaged',
    );
  const descriptor = head.readUInt8(4);
  const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
  const sizeBytes = SIZE_BYTES[(descriptor >> 6) & 3] ?? 0;
  if ((descriptor & RESERVED) !== 0) throw new ArchiveError('zstd-header', 'a zstd frame uses a bit that is reserved');
  if ((descriptor & DICTIONARY) !== 0) throw foreign('needs a dictionary');
  if (sizeBytes === 0 && !isSingle) throw foreign('has a frame that does not tell its size');
  const sizeAt = LEAST_HEAD + (isSingle ? 0 : 1);
  const length = sizeAt + Math.max(1, sizeBytes);
  if (head.length < length) throw cutShort();
  const contents = contentSize(head, sizeAt, sizeBytes);
  if (contents > ZSTD_FRAME_BYTES || contents === 0 || (!isSingle && windowSize(head.readUInt8(5)) > WINDOW_LIMIT))
    throw new ArchiveError(
      'zstd-too-large',
      `a zstd frame says it holds ${contents} bytes or keeps more than ${WINDOW_LIMIT}, which no relocate writes; \`zstd -d\` it, the plain .tar can be read`,
    );
  return { length, contents, hasChecksum: (descriptor & CHECKSUM) !== 0 };
}

/** `Frame_Content_Size` (section 3.1.1.1.4): the form of two bytes counts from 256. */
function contentSize(head: Buffer, at: number, bytes: number): number {
  if (bytes === 0) return head.readUInt8(at);
  if (bytes === 2) return head.readUInt16LE(at) + 256;
  return bytes === 4 ? head.readUInt32LE(at) : Number(head.readBigUInt64LE(at));
}

/** `Window_Descriptor` (section 3.1.1.1.2): exponent and mantissa. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function cutShort(): ArchiveError {
  return new ArchiveError('archive-truncated', 'the archive ends in the middle of a zstd frame: it was cut short');
}

function foreign(why: string): ArchiveError {
  return new ArchiveError(
    'zstd-foreign',
    `the archive was compressed again by another zstd (it ${why}); \`zstd -d\` it, the plain .tar can be read`,
  );
}
