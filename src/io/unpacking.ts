/** Takes the frames of an archive apart: where one ends, and what it holds. Nothing that a frame says is believed before it is checked. */
import { inflateRaw, inflateRawSync, type InflateRaw, type ZlibOptions } from 'node:zlib';
import type { BytesAt, FrameSizes } from '../formats/frame-sizes.ts';
import { deflatedIn, MEMBER_HEAD, readMemberHead, requireMember } from '../formats/gzip-frames.ts';
import { measureZstdFrame } from '../formats/zstd-frames.ts';
import { ArchiveError } from '../model/errors.ts';
import type { CompressionName } from './compression.ts';
import { giveBack } from './passing-memory.ts';
import { zstdCodec, type ZstdCodec } from './zstd-codec.ts';

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
 * Takes one frame apart and lends what it holds, as long as it says, to `use`: it stands in memory of the codec's, and is gone afterwards.
 * Throws ArchiveError where the frame is damaged or not what its head says, and what `use` throws.
 */
export type Unpack = <T>(frame: Buffer, sizes: FrameSizes, use: (contents: Buffer) => T) => T;

/** What unpacks frames on the calling thread. */
export async function unpackerOf(compression: Packed): Promise<Unpack> {
  if (compression === 'gzip') return lendInflated;
  const codec = await zstdCodec();
  return (frame, sizes, use) => lendUnpacked(codec, frame, sizes, use);
}

/** Whether one frame holds these contents and no others. @throws ArchiveError where it is damaged */
export type UnpacksTo = (frame: Buffer, contents: Buffer, sizes: FrameSizes) => boolean;

/** What proves frames on the calling thread. */
export async function unpackingProof(compression: Packed): Promise<UnpacksTo> {
  if (compression === 'gzip')
    return (frame, contents, sizes) => {
      const inflated = inflateMember(frame, sizes);
      const isSame = inflated.equals(contents);
      giveBack(inflated);
      return isSame;
    };
  const codec = await zstdCodec();
  return (frame, contents) => requireWhole(() => codec.unpacksTo(frame, contents));
}

/**
 * The contents of one gzip member, unpacked on the system's thread pool.
 * @throws ArchiveError where it is damaged or not what its head says
 */
export function inflateFrame(member: Buffer, sizes: FrameSizes): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    inflateRaw(deflatedIn(member), inflation(sizes), (error, result) => {
      try {
        if (error !== null) throw inflationFailed(error);
        resolve(requireInflated(member, sizes, result));
      } catch (refusal) {
        reject(refusal instanceof Error ? refusal : new Error(String(refusal)));
      }
    });
  });
}

function inflateMember(member: Buffer, sizes: FrameSizes): Buffer {
  let result: unknown;
  try {
    result = inflateRawSync(deflatedIn(member), inflation(sizes));
  } catch (error) {
    throw inflationFailed(error);
  }
  return requireInflated(member, sizes, result);
}

function lendInflated<T>(member: Buffer, sizes: FrameSizes, use: (contents: Buffer) => T): T {
  const contents = inflateMember(member, sizes);
  try {
    return use(contents);
  } finally {
    giveBack(contents);
  }
}

function lendUnpacked<T>(codec: ZstdCodec, frame: Buffer, sizes: FrameSizes, use: (contents: Buffer) => T): T {
  // what goes wrong with the contents is no damage of the frame
  const result = requireWhole(() =>
    codec.unpack(frame, sizes.contents, (contents) => {
      if (contents.length !== sizes.contents) return null;
      try {
        return { value: use(contents) };
      } catch (error) {
        return { error };
      }
    }),
  );
  if (result === null) throw new ArchiveError('zstd-size', 'a zstd frame does not have the size that it says');
  if ('error' in result) throw result.error;
  return result.value;
}

/** @throws ArchiveError where the codec refuses a frame */
function requireWhole<T>(unpack: () => T): T {
  try {
    return unpack();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ArchiveError('zstd-data', `a zstd frame can't be unpacked (${why}): the archive is damaged`);
  }
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
