/** Takes compressed bytes apart piece by piece, in step with the caller: what comes out of a piece is passed on before the next is taken. */
import { Decompress } from 'fzstd';
import { Gunzip, InflateRaw } from 'minizlib';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import type { ContainerKind } from './container.ts';
import { xzContentSize } from './xz-size.ts';

export type CompressionMethod = Extract<ContainerKind, 'gzip' | 'xz' | 'zstd'> | 'deflate';

/** Why something in an archive was not read: it is damaged; nothing here can read it; or it is more than is looked at. */
export class UnreadError extends Error {
  readonly why: 'damaged' | 'unsupported' | 'limit';
  constructor(why: UnreadError['why'], message: string) {
    super(message);
    this.name = 'UnreadError';
    this.why = why;
  }
}

/** Unpacks a whole file at once. */
export type UnpackWhole = (bytes: Buffer) => Buffer;

export interface Decompression {
  /** @throws UnreadError */
  push(piece: Buffer): void;
  /** @throws UnreadError where the bytes end too early, too */
  end(): void;
}

/** Deflate makes at most 1032 bytes of one: what comes of a slice is a few megabytes. */
const SLICE = 4096;
/** A slice of what becomes no more than `USUAL_RATIO` times as large. */
const USUAL_SLICE: number = 16 * SLICE;
const USUAL_RATIO = 16;
/** xz is unpacked in one piece. */
const LARGEST_XZ: number = 64 * 1024 * 1024;

/** Contents up to this size are unpacked in one piece where their size is known before. */
const LARGEST_WHOLE: number = 8 * 1024 * 1024;

/** Deflated bytes, and what is said of them. */
export interface Deflated {
  readonly dataAt: number;
  readonly packedSize: number;
  readonly size: number;
}

/** What deflated bytes become; null where it is not what was said of it: it must be taken apart piece by piece to see how far it goes. */
export function inflateWhole(source: ByteSource, { dataAt, packedSize, size }: Deflated): Buffer | null {
  if (Math.max(size, packedSize) > LARGEST_WHOLE) return null;
  return unpackedWhole(inflateRawSync, source.region(dataAt, dataAt + packedSize), size);
}

/** The same of a gzip file, whose last bytes tell its size (RFC 1952, 2.3.1: ISIZE). */
export function gunzipWhole(source: ByteSource): Buffer | null {
  if (source.size > LARGEST_WHOLE || source.size < GZIP_LEAST) return null;
  const bytes = source.region(0, source.size);
  const size = bytes.readUInt32LE(bytes.length - 4);
  return size > LARGEST_WHOLE ? null : unpackedWhole(gunzipSync, bytes, size);
}

/** Header, nothing, CRC32 and ISIZE. */
const GZIP_LEAST = 20;

/** With `info`, which the types do not know, zlib gives its engine too, and that tells how many bytes it took. */
interface Unpacked {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function unpackedWhole(unpack: typeof inflateRawSync, bytes: Buffer, size: number): Buffer | null {
  // one byte more than there is, or zlib would ask for more room to find that it needs none
  const options = { info: true, maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) };
  try {
    const { buffer, engine } = unpack(bytes, options) as unknown as Unpacked;
    return buffer.length === size && engine.bytesWritten === bytes.length ? buffer : null;
  } catch {
    return null;
  }
}

/** Begins to take apart what was compressed with a method. `xzCodec`: gives null where nothing unpacks xz. @throws UnreadError */
export function decompression(
  method: CompressionMethod,
  xzCodec: () => UnpackWhole | null,
  onData: (piece: Buffer) => void,
): Decompression {
  switch (method) {
    case 'deflate':
      return inflation(new InflateRaw({}), onData);
    case 'gzip':
      return inflation(new Gunzip({}), onData);
    case 'zstd':
      return zstd(onData);
    case 'xz':
      return xz(xzCodec(), onData);
  }
}

function inflation(engine: InflateRaw | Gunzip, onData: (piece: Buffer) => void): Decompression {
  let failure: Error | null = null;
  let taken = 0;
  let given = 0;
  engine.on('error', (error: unknown) => (failure ??= error instanceof Error ? error : new Error(String(error))));
  engine.on('data', (piece: unknown) => {
    if (failure === null && piece instanceof Buffer)
      try {
        given += piece.length;
        onData(piece);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
  });
  const settle = (): void => {
    if (failure === null) return;
    throw failure instanceof UnreadError ? failure : new UnreadError('damaged', failure.message);
  };
  return {
    push(piece) {
      for (let at = 0; at < piece.length;) {
        const slice = piece.subarray(at, at + (given <= taken * USUAL_RATIO ? USUAL_SLICE : SLICE));
        engine.write(slice);
        settle();
        taken += slice.length;
        at += slice.length;
      }
    },
    end() {
      engine.end();
      settle();
    },
  };
}

function zstd(onData: (piece: Buffer) => void): Decompression {
  const engine = new Decompress((piece) => onData(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)));
  const guarded = (piece: Buffer, isLast: boolean): void => {
    try {
      engine.push(piece, isLast);
    } catch (error) {
      if (error instanceof UnreadError) throw error;
      throw new UnreadError('damaged', error instanceof Error ? error.message : String(error));
    }
  };
  return {
    push(piece) {
      for (let at = 0; at < piece.length; at += SLICE) guarded(piece.subarray(at, at + SLICE), false);
    },
    end: () => guarded(Buffer.alloc(0), true),
  };
}

function xz(unpack: UnpackWhole | null, onData: (piece: Buffer) => void): Decompression {
  if (unpack === null)
    throw new UnreadError('unsupported', 'the optional package @napi-rs/lzma, which reads xz, is not installed');
  const pieces: Buffer[] = [];
  let size = 0;
  return {
    push(piece) {
      size += piece.length;
      if (size > LARGEST_XZ) throw new UnreadError('limit', 'xz data of more than 64 MiB');
      pieces.push(Buffer.from(piece));
    },
    end() {
      const whole = Buffer.concat(pieces);
      const content = xzContentSize(whole);
      if (content === null) throw new UnreadError('damaged', 'its chunks do not fit together');
      if (content > LARGEST_XZ) throw new UnreadError('limit', `xz data that become ${content} bytes`);
      let unpacked: Buffer;
      try {
        unpacked = unpack(whole);
      } catch (error) {
        throw new UnreadError('damaged', error instanceof Error ? error.message : String(error));
      }
      onData(unpacked);
    },
  };
}
