/**
 * zstd on this host: Node's own where it has it (22.15, 23.8), else WebAssembly of an optional package: its native twin shares one state
 * among all threads, and addons hold memory that the garbage collector does not count. Without both, fzstd, which only unpacks.
 */
import zlib from 'node:zlib';
import { giveBack } from './passing-memory.ts';
import { WasmZstd } from './zstd-wasm.ts';

export interface ZstdCodec {
  /** Makes one frame in memory with room for `mostPacked` bytes. Returns how many there are. Null where nothing here can. */
  readonly compress: ((contents: Buffer, level: number, target: Uint8Array) => number) | null;
  /** Unpacks one frame of so many bytes as it says, and lends them, or fewer, to `use` without a copy. Throws where it is damaged. */
  readonly unpack: <T>(frame: Buffer, size: number, use: (contents: Buffer) => T) => T;
  /** Whether one frame unpacks to these contents, with no memory for others. Throws where it is damaged. */
  readonly unpacksTo: (frame: Buffer, contents: Buffer) => boolean;
}

/** What the types of Node 20 do not have. */
interface ZlibWithZstd {
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
  zstdCompressSync(bytes: Buffer, options: object): Buffer;
  zstdDecompressSync(bytes: Buffer, options: object): Buffer;
}

/** Room for a frame in one piece. */
const SLACK = 1024;

/** The most that so many bytes become (ZSTD_COMPRESSBOUND in zstd.h, and a little more). */
export function mostPacked(bytes: number): number {
  return bytes + (bytes >> 8) + SLACK;
}

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
  const unpack = (frame: Buffer, size: number): Buffer =>
    zstdDecompressSync(frame, { maxOutputLength: size, chunkSize: size + SLACK });
  return {
    compress: (contents, level, target) =>
      moveInto(
        zstdCompressSync(contents, {
          chunkSize: mostPacked(contents.length),
          params: { [constants.ZSTD_c_compressionLevel]: level },
        }),
        target,
      ),
    unpack: (frame, size, use) => lend(unpack(frame, size), use),
    unpacksTo: (frame, contents) => lend(unpack(frame, contents.length), (unpacked) => unpacked.equals(contents)),
  };
}

async function packageCodec(): Promise<ZstdCodec | null> {
  const engine = await WasmZstd.find();
  return (
    engine && {
      compress: (contents, level, target) =>
        engine.compress(contents, level, target.length, (made) => put(made, target)),
      unpack: (frame, size, use) => engine.decompress(frame, size, (made) => use(bufferOf(made))),
      unpacksTo: (frame, contents) => engine.decompressAnew(frame, contents.length, (made) => contents.equals(made)),
    }
  );
}

async function plainCodec(): Promise<ZstdCodec> {
  const { decompress } = await import('fzstd');
  return {
    compress: null,
    unpack: (frame, size, use) => use(bufferOf(decompress(frame, new Uint8Array(size)))),
    unpacksTo: (frame, contents) => contents.equals(decompress(frame, new Uint8Array(contents.length))),
  };
}

function lend<T>(contents: Buffer, use: (contents: Buffer) => T): T {
  try {
    return use(contents);
  } finally {
    giveBack(contents);
  }
}

/** The same memory. */
function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** As `put`, for bytes that nobody else has. */
function moveInto(contents: Buffer, target: Uint8Array): number {
  const length = put(contents, target);
  giveBack(contents);
  return length;
}

/** Returns the length of what does not fit, too. */
function put(contents: Uint8Array, target: Uint8Array): number {
  if (contents.length <= target.length) target.set(contents);
  return contents.length;
}
