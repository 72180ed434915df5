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
  /** Whether one frame unpacks to these contents, with no memory for others. Throws where it is damaged. */
  readonly unpacksTo: (frame: Buffer, contents: Buffer) => boolean;
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
    decompress: (frame, target) => moveInto(unpack(frame, target.length), target),
    unpacksTo: (frame, contents) => {
      const unpacked = unpack(frame, contents.length);
      const isSame = unpacked.equals(contents);
      giveBack(unpacked);
      return isSame;
    },
  };
}

async function packageCodec(): Promise<ZstdCodec | null> {
  try {
    const { _WasmModule: engine } = await import('@cloudpss/zstd/wasm');
    // its own functions make copies that the garbage collector has to find
    const decompress: Call = (...places) => engine._decompress(...places);
    const decompressAnew: Call = (to, room, ...source) => {
      // what was there before may be what should be there
      engine.HEAPU8.fill(0xff, to, to + room);
      return engine._decompress(to, room, ...source);
    };
    return {
      compress: (contents, level, target) => {
        const compress: Call = (...places) => engine._compress(...places, level);
        return callWith(engine, contents, target.length, compress, (made) => put(made, target));
      },
      decompress: (frame, target) => callWith(engine, frame, target.length, decompress, (made) => put(made, target)),
      unpacksTo: (frame, contents) =>
        callWith(engine, frame, contents.length, decompressAnew, (made) => contents.equals(made)),
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
    unpacksTo: (frame, contents) => contents.equals(decompress(frame, new Uint8Array(contents.length))),
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

/** A call of zstd: where it writes, how much it may, where it reads, how much. Returns how much it wrote, or an error. */
type Call = (...places: Parameters<WasmEngine['_decompress']>) => number;

/**
 * One call in the engine's memory: it writes no more than it is given room for.
 * @param use is given what was written, for as long as it runs
 */
function callWith<T>(engine: WasmEngine, source: Buffer, room: number, call: Call, use: (made: Uint8Array) => T): T {
  const [from, to] = [engine._malloc(source.length), engine._malloc(room)];
  try {
    if (from === 0 || to === 0) throw new Error('no memory is left');
    engine.HEAPU8.set(source, from);
    const length = call(to, room, from, source.length);
    if (engine._ZSTD_isError(length) !== 0) throw new Error(engine.UTF8ToString(engine._ZSTD_getErrorName(length)));
    return use(engine.HEAPU8.subarray(to, to + length));
  } finally {
    engine._free(from);
    engine._free(to);
  }
}
