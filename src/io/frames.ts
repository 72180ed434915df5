/** Reads the bytes of a tar from the file of an archive, frame by frame; frames are inflated side by side and come in order. */
import { FRAME_BYTES } from '../formats/gzip-frames.ts';
import { ArchiveError } from '../model/errors.ts';
import type { CompressionName } from './compression.ts';
import type { PartPlace } from './archive-parts.ts';
import { fill } from './fill.ts';
import { FrameReader } from './frame-reader.ts';
import { inflateFrame, measureFrame } from './unpacking.ts';

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

/**
 * The tar within, in pieces, each valid until the next is asked for. `jobs`: frames that are inflated at a time.
 */
export function framesOf(file: ArchiveFile, jobs: number): AsyncGenerator<Buffer, void, void> {
  if (file.compression === 'gzip') return gzipFrames(file, jobs);
  return file.compression === 'zstd' ? zstdFrames(file) : plainFrames(file);
}

/**
 * Where the frames of a compressed archive are. A plain tar has none.
 * @throws ArchiveError where what should be one is none, or it is cut short
 */
export function* measuredFrames({ descriptor, size, compression }: ArchiveFile): Generator<PartPlace, void> {
  if (compression === 'none') return;
  const bytesAt = (position: number, length: number): Buffer =>
    readAt(descriptor, position, Buffer.alloc(Math.max(0, Math.min(length, size - position))));
  for (let at = 0; at < size;) {
    const sizes = measureFrame(compression, bytesAt, at);
    if (at + sizes.member > size)
      throw new ArchiveError('archive-truncated', 'the archive ends in the middle of a frame: it was cut short');
    yield { descriptor, compression, at, sizes };
    at += sizes.member;
  }
}

async function* plainFrames({ descriptor, size }: ArchiveFile): AsyncGenerator<Buffer, void, void> {
  const buffer = Buffer.allocUnsafe(Math.min(FRAME_BYTES, size));
  for (let at = 0; at < size; at += FRAME_BYTES) {
    yield readAt(descriptor, at, buffer.subarray(0, Math.min(FRAME_BYTES, size - at)));
    await nextTurn();
  }
}

/** Unpacked by this thread, so being early gains nothing, and all in the same memory: new memory for each grows with the archive. */
async function* zstdFrames(file: ArchiveFile): AsyncGenerator<Buffer, void, void> {
  const reader = new FrameReader();
  for (const place of measuredFrames(file)) {
    yield await reader.read(place);
    await nextTurn();
  }
}

async function* gzipFrames(file: ArchiveFile, jobs: number): AsyncGenerator<Buffer, void, void> {
  const places = measuredFrames(file);
  const ahead: Promise<Buffer>[] = [];
  for (let isDone = false; ;) {
    while (!isDone && ahead.length <= jobs) {
      const bytes = nextMember(places);
      if (bytes === null) isDone = true;
      else ahead.push(bytes);
    }
    const next = ahead.shift();
    if (next === undefined) return;
    yield await next;
  }
}

/** A damaged head is an error in its turn: what comes before it is read first. */
function nextMember(places: Iterator<PartPlace, void>): Promise<Buffer> | null {
  let bytes: Promise<Buffer>;
  try {
    const next = places.next();
    if (next.done === true) return null;
    const { descriptor, at, sizes } = next.value;
    bytes = inflateFrame(readAt(descriptor, at, Buffer.allocUnsafe(sizes.member)), sizes);
  } catch (error) {
    bytes = Promise.reject<Buffer>(error instanceof Error ? error : new Error(String(error)));
  }
  bytes.catch(() => {}); // it is awaited in its turn
  return bytes;
}

/** Lets signals and timers through between steps that are synchronous. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Fills a buffer from a file, less where that ends. */
function readAt(descriptor: number, position: number, buffer: Buffer): Buffer {
  return buffer.subarray(0, fill(descriptor, buffer, position));
}
