/** Reads the bytes of a tar from the file of an archive, frame by frame; frames are inflated side by side and come in order. */
import { FRAME_BYTES } from '../formats/gzip-frames.ts';
import type { FrameSizes } from '../formats/frame-sizes.ts';
import { ArchiveError } from '../model/errors.ts';
import type { CompressionName } from './compression.ts';
import type { FramePlace } from './file-tasks.ts';
import { fill } from './fill.ts';
import { measureFrame, unpackFrame, type Packed } from './unpacking.ts';

/** An open archive file. */
export interface ArchiveFile {
  readonly descriptor: number;
  readonly size: number;
  readonly compression: CompressionName;
}

/** Tells the compression of an archive by its first bytes. */
export function detectCompression(descriptor: number): CompressionName {
  const head = readAt(descriptor, 0, Buffer.alloc(512));
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return 'gzip';
  if (head.length >= 262 && head.toString('latin1', 257, 262) === 'ustar') return 'none';
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  throw new ArchiveError(
    'archive-format',
    head.length === 0 ? 'the archive is empty' : 'the file is no archive of relocate: neither zstd, gzip nor tar',
  );
}

/** Who unpacks frames. */
export interface FrameUnpacker {
  /** Frames that are asked for before their turn. */
  readonly ahead: number;
  /** Rejects with an ArchiveError where the frame is damaged or not what its head says. */
  unpack(place: FramePlace): Promise<Buffer>;
  /** Told of each frame when the next one is asked for. */
  passed(frame: Buffer): void;
}

/**
 * The tar within, in pieces, each valid until the next is asked for.
 * @param unpackerOf asked before each frame of a compressed archive: who unpacks frames may change on the way
 */
export function framesOf(file: ArchiveFile, unpackerOf: () => FrameUnpacker): AsyncGenerator<Buffer, void, void> {
  return file.compression === 'none' ? plainFrames(file) : packedFrames(file, file.compression, unpackerOf);
}

/** Buffers taken in turn: headers may reach from one into the next, so the one before must stay as it is for a while. */
const RING = 4;

async function* plainFrames({ descriptor, size }: ArchiveFile): AsyncGenerator<Buffer, void, void> {
  const ring = Array.from({ length: RING }, () => Buffer.allocUnsafe(FRAME_BYTES));
  for (let at = 0; at < size; at += FRAME_BYTES) {
    const buffer = ring[(at / FRAME_BYTES) % RING] ?? Buffer.allocUnsafe(FRAME_BYTES);
    yield readAt(descriptor, at, buffer.subarray(0, Math.min(FRAME_BYTES, size - at)));
    // lets signals and timers through: reading is synchronous
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function* packedFrames(
  file: ArchiveFile,
  compression: Packed,
  unpackerOf: () => FrameUnpacker,
): AsyncGenerator<Buffer, void, void> {
  const ahead: Frame[] = [];
  let at = 0;
  for (;;) {
    const unpacker = unpackerOf();
    while (at < file.size && ahead.length <= unpacker.ahead) {
      const sizes = measureSafely(file, compression, at);
      if (sizes instanceof Error) {
        ahead.push({ unpacker, bytes: rejected(sizes) });
        at = file.size;
        break;
      }
      const bytes = unpacker.unpack({ descriptor: file.descriptor, compression, at, sizes });
      bytes.catch(() => {}); // it is awaited in its turn
      ahead.push({ unpacker, bytes });
      at += sizes.member;
    }
    const next = ahead.shift();
    if (next === undefined) return;
    const bytes = await next.bytes;
    yield bytes;
    next.unpacker.passed(bytes);
  }
}

/** A frame that was asked for. */
interface Frame {
  readonly unpacker: FrameUnpacker;
  readonly bytes: Promise<Buffer>;
}

/** Unpacks frames for the calling thread alone. */
export function plainUnpacker(compression: CompressionName, jobs: number): FrameUnpacker {
  return {
    // what is unpacked by this thread gains nothing from being early
    ahead: compression === 'gzip' ? jobs : 0,
    unpack: ({ descriptor, compression: packed, at, sizes }) =>
      unpackFrame(packed, readAt(descriptor, at, Buffer.allocUnsafe(sizes.member)), sizes),
    passed: () => {},
  };
}

/** A damaged head is an error in its turn: what comes before it is read first. */
function measureSafely(file: ArchiveFile, compression: Packed, at: number): FrameSizes | Error {
  const bytesAt = (position: number, length: number): Buffer =>
    readAt(file.descriptor, position, Buffer.alloc(Math.max(0, Math.min(length, file.size - position))));
  try {
    const sizes = measureFrame(compression, bytesAt, at);
    if (at + sizes.member <= file.size) return sizes;
    return new ArchiveError('archive-truncated', 'the archive ends in the middle of a frame: it was cut short');
  } catch (error) {
    if (error instanceof ArchiveError) return error;
    throw error;
  }
}

function rejected(error: Error): Promise<Buffer> {
  const promise = Promise.reject<Buffer>(error);
  promise.catch(() => {});
  return promise;
}

/** Fills a buffer from a file, less where that ends. */
function readAt(descriptor: number, position: number, buffer: Buffer): Buffer {
  return buffer.subarray(0, fill(descriptor, buffer, position));
}
