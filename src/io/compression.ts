/** How the frames of an archive are compressed and taken apart: one entry of a table for each format. */
import { deflateRaw, inflateRaw, type InflateRaw } from 'node:zlib';
import { deflatedIn, requireMember, wrapMember, type MemberSizes } from '../formats/gzip-frames.ts';
import { ArchiveError } from '../model/errors.ts';

export type CompressionName = 'gzip' | 'none';

export interface Compression {
  readonly name: CompressionName;
  readonly extensions: readonly string[];
  /** Turns one frame into what stands in the file. A pure function of the bytes and the settings; runs on the system's thread pool. */
  compress(frame: Buffer): Promise<Buffer>;
}

/** zlib level 4: within 3 % of level 6 on source text and libraries, half as fast again. */
const GZIP_LEVEL = 4;

/** zlib is given room for a frame in one piece: in the 16 KiB that are usual, each piece is a way to another thread and back. */
const SLACK = 1024;

/** Frames of zeros (holes of sparse files) are all alike: compressed once. */
export function compressionOf(name: CompressionName, level: number = GZIP_LEVEL): Compression {
  return name === 'none'
    ? { name, extensions: ['.tar'], compress: (frame) => Promise.resolve(frame) }
    : { name, extensions: ['.tar.gz', '.tgz'], compress: onceForZeros((frame) => gzipFrameAsync(frame, level)) };
}

/** The compression that a file name asks for; null where it says nothing. */
export function compressionFor(fileName: string): CompressionName | null {
  const name = fileName.toLowerCase();
  if (name.endsWith('.tar.gz') || name.endsWith('.tgz')) return 'gzip';
  return name.endsWith('.tar') ? 'none' : null;
}

function gzipFrameAsync(frame: Buffer, level: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflateRaw(frame, { level, chunkSize: frame.length + SLACK }, (error, deflated) =>
      error === null ? resolve(wrapMember(frame, deflated)) : reject(error),
    );
  });
}

function onceForZeros(compress: (frame: Buffer) => Promise<Buffer>): (frame: Buffer) => Promise<Buffer> {
  const known = new Map<number, Promise<Buffer>>();
  return (frame) => {
    if (!isZeros(frame)) return compress(frame);
    const done = known.get(frame.length) ?? compress(frame);
    known.set(frame.length, done);
    return done;
  };
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

/**
 * The contents of one gzip member.
 * @throws ArchiveError where it is damaged or not what its head says
 */
export function inflateMember(member: Buffer, sizes: MemberSizes): Promise<Buffer> {
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
