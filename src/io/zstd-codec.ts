/**
 * zstd on this host: Node's own where it has it (22.15, 23.8), else WebAssembly of an optional package: its native twin shares one state
 * among all threads, and addons hold memory that the garbage collector does not count. Without both, fzstd, which only unpacks.
 */
import zlib from 'node:zlib';
import { giveBack } from './passing-memory.ts';

export interface ZstdCodec {
  /** Makes one frame in memory with room for `mostPacked` bytes. Returns how many there are. Null where nothing here can. */
  readonly compress: ((contents: Buffer, level: number, target: Uint8Array) => number) | null;
  /** Unpacks one frame into memory of the size that it says. Returns how many bytes there were. Throws where it is damaged. */
  readonly decompress: (frame: Buffer, target: Uint8Array) => number;
}

/** What the types of Node 20 do not have. */
interface ZlibWithZstd {
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
  zstdCompressSync(bytes: Buffer, options: object): Buffer;
  zstdDecompressSync(bytes: Buffer, options: object): Buffer;
}

type WasmEngine = (typeof import('@cloudpss/zstd/wasm'))['_WasmModule'];

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
  return {
    compress: (contents, level, target) =>
      moveInto(
        zstdCompressSync(contents, {
          chunkSize: mostPacked(contents.length),
          params: { [constants.ZSTD_c_compressionLevel]: level },
        }),
        target,
      ),
    decompress: (frame, target) =>
      moveInto(zstdDecompressSync(frame, { maxOutputLength: target.length, chunkSize: target.length + SLACK }), target),
  };
}

async function packageCodec(): Promise<ZstdCodec | null> {
  try {
    const { _WasmModule: engine } = await import('@cloudpss/zstd/wasm');
    // its own functions make copies that the garbage collector has to find
    return {
      compress: (contents, level, target) =>
        callWith(engine, contents, target, (...places) => engine._compress(...places, level)),
      decompress: (frame, target) => callWith(engine, frame, target, (...places) => engine._decompress(...places)),
    };
  } catch {
    return null;
  }
}

async function plainCodec(): Promise<ZstdCodec> {
  const { decompress } = await import('fzstd');
  return {
    compress: null,
    decompress: (frame, target) => put(decompress(frame, new Uint8Array(target.length)), target),
  };
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

/** Where a call of zstd writes, how much, where it reads, how much. */
type Places = Parameters<WasmEngine['_decompress']>;

/** One call in the engine's memory: it writes no more than it is given room for. */
function callWith(engine: WasmEngine, source: Buffer, target: Uint8Array, call: (...places: Places) => number): number {
  const [from, to] = [engine._malloc(source.length), engine._malloc(target.length)];
  try {
    if (from === 0 || to === 0) throw new Error('no memory is left');
    engine.HEAPU8.set(source, from);
    const length = call(to, target.length, from, source.length);
    if (engine._ZSTD_isError(length) !== 0) throw new Error(engine.UTF8ToString(engine._ZSTD_getErrorName(length)));
    target.set(engine.HEAPU8.subarray(to, to + length));
    return length;
  } finally {
    engine._free(from);
    engine._free(to);
  }
}
