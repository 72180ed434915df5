/** Takes the frames of an archive apart: where one ends, and what it holds. Nothing that a frame says is believed before it is checked. */
import { inflateRaw, inflateRawSync, type InflateRaw, type ZlibOptions } from 'node:zlib';
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
export function unpackFrameSync(compression: Packed, frame: Buffer, sizes: FrameSizes): Buffer {
  if (compression === 'zstd') return unpackZstd(frame, sizes);
  try {
    return requireInflated(frame, sizes, inflateRawSync(deflatedIn(frame), inflation(sizes)));
  } catch (error) {
    throw error instanceof ArchiveError ? error : inflationFailed(error);
  }
}

/** The same, on the system's thread pool where the codec can. */
export function unpackFrame(compression: Packed, frame: Buffer, sizes: FrameSizes): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (compression === 'zstd') {
      resolve(unpackZstd(frame, sizes));
      return;
    }
    inflateRaw(deflatedIn(frame), inflation(sizes), (error, result) => {
      try {
        if (error !== null) throw inflationFailed(error);
        resolve(requireInflated(frame, sizes, result));
      } catch (refusal) {
        reject(refusal instanceof Error ? refusal : new Error(String(refusal)));
      }
    });
  });
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

function inflation({ contents }: FrameSizes): ZlibOptions {
  return { info: true, maxOutputLength: contents, chunkSize: contents + SLACK };
}

function inflationFailed(error: unknown): ArchiveError {
  const why = error instanceof Error ? error.message : String(error);
  return new ArchiveError('gzip-data', `a gzip member can't be inflated (${why}): the archive is damaged`);
}

/** Holds what came out of a gzip member against what it says. */
function requireInflated(member: Buffer, sizes: FrameSizes, result: unknown): Buffer {
  // with `info` the result is the contents and the engine that made them
  const { buffer, engine } = result as { readonly buffer: Buffer; readonly engine: InflateRaw };
  requireMember(member, sizes, buffer, engine.bytesWritten);
  return buffer;
}
