/** Takes the frames of an archive apart: where one ends, and what it holds. Nothing that a frame says is believed before it is checked. */
import { inflateRaw, type InflateRaw } from 'node:zlib';
import type { BytesAt, FrameSizes } from '../formats/frame-sizes.ts';
import { deflatedIn, MEMBER_HEAD, readMemberHead, requireMember } from '../formats/gzip-frames.ts';
import { measureZstdFrame } from '../formats/zstd-frames.ts';
import { ArchiveError } from '../model/errors.ts';
import type { CompressionName } from './compression.ts';
import { zstdCodec } from './zstd-codec.ts';

export type Packed = Exclude<CompressionName, 'none'>;

/** zlib is given room for a frame in one piece. */
const SLACK = 1024;

/**
 * The sizes of the frame that begins at a position, found without decompressing.
 * @throws ArchiveError where no frame of relocate begins there
 */
export function measureFrame(compression: Packed, bytesAt: BytesAt, position: number): FrameSizes {
  return compression === 'gzip' ? readMemberHead(bytesAt(position, MEMBER_HEAD)) : measureZstdFrame(bytesAt, position);
}

/**
 * The contents of one frame.
 * @throws ArchiveError where it is damaged or not what its head says
 */
export async function unpackFrame(compression: Packed, frame: Buffer, sizes: FrameSizes): Promise<Buffer> {
  return compression === 'gzip' ? inflateMember(frame, sizes) : unpackZstd(frame, sizes);
}

function unpackZstd(frame: Buffer, sizes: FrameSizes): Buffer {
  let contents: Buffer;
  try {
    contents = zstdCodec().decompress(frame, sizes.contents);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ArchiveError('zstd-data', `a zstd frame can't be unpacked (${why}): the archive is damaged`);
  }
  if (contents.length !== sizes.contents)
    throw new ArchiveError('zstd-size', 'a zstd frame does not have the size that it says');
  return contents;
}

/**
 * The contents of one gzip member.
 * @throws ArchiveError where it is damaged or not what its head says
 */
function inflateMember(member: Buffer, sizes: FrameSizes): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    inflateRaw(
      deflatedIn(member),
      { info: true, maxOutputLength: sizes.contents, chunkSize: sizes.contents + SLACK },
      (error, result) => {
        if (error !== null) {
          reject(
            new ArchiveError('gzip-data', `a gzip member can't be inflated (${error.message}): the archive is damaged`),
          );
          return;
        }
        try {
          // with `info` the result is the contents and the engine that made them
          const { buffer, engine } = result as unknown as { readonly buffer: Buffer; readonly engine: InflateRaw };
          requireMember(member, sizes, buffer, engine.bytesWritten);
          resolve(buffer);
        } catch (refusal) {
          reject(refusal instanceof Error ? refusal : new Error(String(refusal)));
        }
      },
    );
  });
}
