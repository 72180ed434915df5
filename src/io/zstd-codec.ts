/**
 * zstd on this host: Node's own where it has it (22.15, 23.8), else an optional package of native code; fzstd, which only unpacks, where
 * neither is there. Each call has its own state: threads may use it side by side.
 */
import { createRequire } from 'node:module';
import zlib from 'node:zlib';

export interface ZstdCodec {
  /** Makes one frame; null where nothing here can. */
  readonly compress: ((contents: Buffer, level: number) => Buffer) | null;
  /** The contents of one frame that says it has so many. Throws where it is damaged. */
  readonly decompress: (frame: Buffer, contents: number) => Buffer;
}

/** What the types of Node 20 do not have. */
interface ZlibWithZstd {
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
  zstdCompressSync(bytes: Buffer, options: object): Buffer;
  zstdDecompressSync(bytes: Buffer, options: object): Buffer;
}

/** What is used of @toondepauw/node-zstd. */
interface NativeZstd {
  readonly Encoder: new (level: number) => { encodeSync(bytes: Buffer): Buffer };
  readonly Decoder: new () => { decodeSync(bytes: Buffer): Buffer };
}

interface PlainZstd {
  decompress(bytes: Uint8Array, into: Uint8Array): Uint8Array;
}

/** Room for a frame in one piece. */
const SLACK = 1024;

let found: ZstdCodec | undefined;

export function zstdCodec(): ZstdCodec {
  return (found ??= builtInCodec() ?? packageCodec() ?? plainCodec());
}

function builtInCodec(): ZstdCodec | null {
  if (!('zstdCompressSync' in zlib)) return null;
  const { constants, zstdCompressSync, zstdDecompressSync } = zlib as unknown as ZlibWithZstd;
  return {
    compress: (contents, level) =>
      zstdCompressSync(contents, {
        chunkSize: contents.length + (contents.length >> 8) + SLACK,
        params: { [constants.ZSTD_c_compressionLevel]: level },
      }),
    decompress: (frame, contents) =>
      zstdDecompressSync(frame, { maxOutputLength: contents, chunkSize: contents + SLACK }),
  };
}

function packageCodec(): ZstdCodec | null {
  const { Encoder, Decoder } = (load('@toondepauw/node-zstd') as NativeZstd | null) ?? {};
  if (Encoder === undefined || Decoder === undefined) return null;
  const encoders = new Map<number, InstanceType<typeof Encoder>>();
  const decoder = new Decoder();
  return {
    compress: (contents, level) => {
      const encoder = encoders.get(level) ?? new Encoder(level);
      encoders.set(level, encoder);
      return encoder.encodeSync(contents);
    },
    decompress: (frame) => decoder.decodeSync(frame),
  };
}

function plainCodec(): ZstdCodec {
  return {
    compress: null,
    decompress: (frame, contents) => {
      const bytes =
        (load('fzstd') as PlainZstd | null)?.decompress(frame, new Uint8Array(contents)) ?? new Uint8Array();
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
  };
}

/** Loaded when the first frame is met; null where it is not installed. What the packages export is checked by the tests of archives. */
function load(name: string): unknown {
  try {
    return createRequire(import.meta.url)(name);
  } catch {
    return null;
  }
}
