/**
 * zstd on this host: Node's own where it has it (22.15, 23.8), else WebAssembly of an optional package: its native twin shares one state
 * among all threads, and addons hold memory that the garbage collector does not count. Without both, fzstd, which only unpacks.
 */
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

/** Room for a frame in one piece. */
const SLACK = 1024;

let found: Promise<ZstdCodec> | undefined;

/** Loaded when the first frame is met. */
export function zstdCodec(): Promise<ZstdCodec> {
  return (found ??= findCodec());
}

async function findCodec(): Promise<ZstdCodec> {
  return builtInCodec() ?? (await packageCodec()) ?? (await plainCodec());
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

async function packageCodec(): Promise<ZstdCodec | null> {
  try {
    const { compress, decompress } = await import('@cloudpss/zstd/wasm');
    return {
      compress: (contents, level) => asBuffer(compress(contents, level)),
      // it makes room for as many bytes as the header says, and fails where there are more
      decompress: (frame) => asBuffer(decompress(frame)),
    };
  } catch {
    return null;
  }
}

async function plainCodec(): Promise<ZstdCodec> {
  const { decompress } = await import('fzstd');
  return { compress: null, decompress: (frame, contents) => asBuffer(decompress(frame, new Uint8Array(contents))) };
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
