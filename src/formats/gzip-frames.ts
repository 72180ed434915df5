/**
 * Frames of a compressed archive: gzip members (RFC 1952) one after the other, each compressed on its own. Ordinary tools read them as
 * one stream. An extra field (section 2.3.1.1) with the id `RL` gives the sizes of a member, so that a reader finds the next one without inflating.
 */
import { crc32 } from 'node:zlib';
import { ArchiveError } from '../model/errors.ts';
import type { FrameSizes } from './frame-sizes.ts';

/** Bytes before the deflated data: the fixed header (10), XLEN (2), the subfield's id and length (4), two sizes (8). */
export const MEMBER_HEAD = 24;
/** CRC32 and ISIZE. */
const MEMBER_TAIL = 8;
/** How many bytes of the archive a frame holds (4 MiB would save 1.5 % of the room and take four times the memory); more only in a reader's patience. */
export const FRAME_BYTES: number = 1024 * 1024;
export const FRAME_LIMIT: number = 16 * 1024 * 1024;
/** Deflate adds at most 5 bytes to each 16 KiB that it can't compress (RFC 1951, section 3.2.4). */
const MEMBER_LIMIT: number = FRAME_LIMIT + (FRAME_LIMIT >> 8) + 64;

/** ID1 ID2, CM = deflate, FLG = FEXTRA, MTIME = 0, XFL = 0, OS = 255 (unknown), XLEN = 12, SI1 SI2 = `RL`, LEN = 8. */
const HEAD: Buffer = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 12, 0, 0x52, 0x4c, 8, 0]);

/** Makes a member of deflated contents. */
export function wrapMember(contents: Buffer, deflated: Buffer): Buffer {
  const member = Buffer.alloc(MEMBER_HEAD + deflated.length + MEMBER_TAIL);
  HEAD.copy(member);
  member.writeUInt32LE(member.length, HEAD.length);
  member.writeUInt32LE(contents.length, HEAD.length + 4);
  deflated.copy(member, MEMBER_HEAD);
  member.writeUInt32LE(crc32(contents), member.length - 8);
  member.writeUInt32LE(contents.length, member.length - 4);
  return member;
}

/**
 * Reads the head of a member.
 * @throws ArchiveError `gzip-header`, `gzip-foreign` (made by another gzip), or `gzip-too-large`
 */
export function readMemberHead(head: Buffer): FrameSizes {
  if (head.length < MEMBER_HEAD)
    throw new ArchiveError('archive-truncated', 'the archive ends in the head of a gzip member: it was cut short');
  if (head.readUInt16BE(0) !== 0x1f8b)
    throw new ArchiveError(
      'gzip-header',
      'something follows the last gzip member of the archive, or a member is damaged',
    );
  if (!head.subarray(0, HEAD.length).equals(HEAD))
    throw new ArchiveError(
      'gzip-foreign',
      'the archive was compressed again by another gzip; `gunzip` it, the plain .tar can be read',
    );
  const sizes = { member: head.readUInt32LE(HEAD.length), contents: head.readUInt32LE(HEAD.length + 4) };
  const least = MEMBER_HEAD + MEMBER_TAIL + 1;
  if (sizes.contents > FRAME_LIMIT || sizes.member > MEMBER_LIMIT || sizes.member < least || sizes.contents === 0)
    throw new ArchiveError(
      'gzip-too-large',
      `a gzip member says it has ${sizes.member} bytes for ${sizes.contents}, which no relocate writes`,
    );
  return sizes;
}

/** The deflated bytes within a member. */
export function deflatedIn(member: Buffer): Buffer {
  return member.subarray(MEMBER_HEAD, member.length - MEMBER_TAIL);
}

/** Checks inflated contents against a member's tail. `consumed`: how many of the deflated bytes were used. */
export function requireMember(member: Buffer, sizes: FrameSizes, contents: Buffer, consumed: number): void {
  if (consumed !== member.length - MEMBER_HEAD - MEMBER_TAIL)
    throw new ArchiveError('gzip-trailing', 'a gzip member holds bytes behind its data');
  if (contents.length !== sizes.contents || member.readUInt32LE(member.length - 4) !== sizes.contents)
    throw new ArchiveError('gzip-size', 'a gzip member does not have the size that it says');
  if (member.readUInt32LE(member.length - 8) !== crc32(contents))
    throw new ArchiveError(
      'gzip-checksum',
      'a gzip member does not have the checksum that it says: the archive is damaged',
    );
}
