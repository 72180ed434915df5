/** How the frames of an archive are compressed: one entry of a table for each format. */
import { deflateRawSync } from 'node:zlib';
import { FRAME_BYTES, wrapMember } from '../formats/gzip-frames.ts';
import { ZSTD_FRAME_BYTES } from '../formats/zstd-frames.ts';
import { UsageError } from '../model/errors.ts';
import { giveBack } from './passing-memory.ts';
import { mostPacked, zstdCodec } from './zstd-codec.ts';

export type CompressionName = 'zstd' | 'gzip' | 'none';

export interface Compression {
  readonly name: CompressionName;
  /** How many bytes of the archive a frame holds at most. */
  readonly frameBytes: number;
  /**
   * Turns one frame into what stands in the file, in memory with room for `ROOM_OF_FRAME`; returns how many bytes that is. They depend on the
   * contents, the settings and the version of the codec alone.
   */
  compress(frame: Buffer, target: Uint8Array): number;
}

interface Format {
  readonly extensions: readonly string[];
  readonly frameBytes: number;
  readonly usualLevel: number;
  readonly highestLevel: number;
  compressor(level: number): Promise<Compression['compress']>;
}

/** zlib is given room for a frame in one piece. */
const SLACK = 1024;

/** Room for any frame as it stands in the file. */
export const ROOM_OF_FRAME: number = mostPacked(Math.max(FRAME_BYTES, ZSTD_FRAME_BYTES));

const FORMATS: Readonly<Record<CompressionName, Format>> = {
  zstd: {
    extensions: ['.tar.zst', '.tzst'],
    frameBytes: ZSTD_FRAME_BYTES,
    usualLevel: 3,
    highestLevel: 19,
    compressor: zstdCompressor,
  },
  // zlib level 4: within 3 % of level 6 on source text and libraries, half as fast again
  gzip: {
    extensions: ['.tar.gz', '.tgz'],
    frameBytes: FRAME_BYTES,
    usualLevel: 4,
    highestLevel: 9,
    compressor: gzipCompressor,
  },
  none: {
    extensions: ['.tar'],
    frameBytes: FRAME_BYTES,
    usualLevel: 1,
    highestLevel: 19,
    compressor: async () => put,
  },
};

/** Whether this host can write zstd. */
export async function canCompressZstd(): Promise<boolean> {
  return (await zstdCodec()).compress !== null;
}

/** @throws UsageError where the format has no such level */
export async function compressionOf(name: CompressionName, level?: number): Promise<Compression> {
  const { frameBytes, usualLevel, highestLevel, compressor } = FORMATS[name];
  if (level !== undefined && !(Number.isInteger(level) && level >= 1 && level <= highestLevel))
    throw new UsageError(`${name} has the levels 1 to ${highestLevel}, not ${level}`);
  return { name, frameBytes, compress: await compressor(level ?? usualLevel) };
}

/** The compression that a file name asks for; null where it says nothing. */
export function compressionFor(fileName: string): CompressionName | null {
  const name = fileName.toLowerCase();
  const asked = (['zstd', 'gzip', 'none'] as const).find((format) =>
    FORMATS[format].extensions.some((extension) => name.endsWith(extension)),
  );
  return asked ?? null;
}

async function gzipCompressor(level: number): Promise<Compression['compress']> {
  return (frame, target) => {
    const deflated = deflateRawSync(frame, { level, chunkSize: frame.length + SLACK });
    const member = wrapMember(frame, deflated);
    const length = put(member, target);
    giveBack(deflated);
    giveBack(member);
    return length;
  };
}

async function zstdCompressor(level: number): Promise<Compression['compress']> {
  const { compress } = await zstdCodec();
  if (compress === null) throw new UsageError("this host can't write zstd");
  return (frame, target) => compress(frame, level, target);
}

function put(bytes: Buffer, target: Uint8Array): number {
  target.set(bytes);
  return bytes.length;
}

const ZEROS: Buffer = Buffer.alloc(64 * 1024);

/** Whether a buffer holds zeros alone. */
export function isZeros(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const end = Math.min(bytes.length, at + ZEROS.length);
    if (bytes.compare(ZEROS, 0, end - at, at, end) !== 0) return false;
  }
  return true;
}
