/**
 * zstd of an optional package, in WebAssembly. Its own functions make copies that the garbage collector has to find; these hand over what stands in
 * its memory. Its one context goes through all calls.
 */
import { ZSTD_FRAME_BYTES } from '../formats/zstd-frames.ts';

type Engine = (typeof import('@cloudpss/zstd/wasm'))['_WasmModule'];

/** A call of zstd: where it writes, how much it may, where it reads, how much. Returns how much it wrote, or an error. */
type Call = (...places: Parameters<Engine['_decompress']>) => number;
/** Is given what a call wrote, for as long as it runs. */
type Use<T> = (made: Uint8Array) => T;

/**
 * Bytes that one context compresses. It counts through all that it is given, and zstd 1.5.6, where addresses have 32 bits, compares these counts with
 * a sign: behind 2 GiB it may read where no memory is, or write a damaged frame (facebook/zstd, issue 4292).
 */
const MOST_OF_A_CONTEXT = 2 ** 30;

/** Bytes of WebAssembly's memory that come at a time. */
const PAGE = 64 * 1024;

/** An address in the engine's memory. */
type Pointer = ReturnType<Engine['_malloc']>;

/** A part of the engine's memory. */
interface Region {
  readonly at: Pointer;
  readonly length: number;
}

/** All that an engine knew when its context was new. */
interface Beginning {
  /** What its memory began with: behind that are zeros. */
  readonly memory: Uint8Array;
  readonly region: Region | null;
}

/** What a frame and its contents take. Asked for before zstd asks for its own, so that neither has to move: what it leaves would stay in use. */
const REGION = 2 * ZSTD_FRAME_BYTES + PAGE;

export class WasmZstd {
  readonly #engine: Engine;
  /** Where calls read and write. */
  #region: Region | null = null;
  /** Null before anything was compressed. */
  #beginning: Beginning | null = null;
  /** Bytes that the context has compressed. */
  #compressed = 0;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Null where the package is not there. */
  static async find(): Promise<WasmZstd | null> {
    try {
      const { _WasmModule: engine } = await import('@cloudpss/zstd/wasm');
      return new WasmZstd(engine);
    } catch {
      return null;
    }
  }

  /** Makes one frame, in room for the most that it may become. `use` may not call the codec. */
  compress<T>(contents: Buffer, level: number, room: number, use: Use<T>): T {
    this.#beginning ??= { memory: beginningOf(this.#engine.HEAPU8), region: this.#region };
    if (this.#compressed + contents.length > MOST_OF_A_CONTEXT) this.#beginAnew(this.#beginning);
    this.#compressed += contents.length;
    return this.#call(contents, room, (...places) => this.#engine._compress(...places, level), use);
  }

  /** Unpacks one frame, in room for what it says that it holds. `use` may not call the codec. */
  decompress<T>(frame: Buffer, room: number, use: Use<T>): T {
    return this.#call(frame, room, (...places) => this.#engine._decompress(...places), use);
  }

  /** The same, for a proof: what stood there before may be what should stand there. */
  decompressAnew<T>(frame: Buffer, room: number, use: Use<T>): T {
    const decompress: Call = (to, ...others) => {
      this.#engine.HEAPU8.fill(0xff, to, to + room);
      return this.#engine._decompress(to, ...others);
    };
    return this.#call(frame, room, decompress, use);
  }

  /** Between two calls all that an engine knows stands in its memory. */
  #beginAnew(beginning: Beginning): void {
    const { HEAPU8: memory } = this.#engine;
    memory.set(beginning.memory);
    memory.fill(0, beginning.memory.length, endOf(memory));
    this.#region = beginning.region;
    this.#compressed = 0;
  }

  /** One call in the engine's memory: it writes no more than it is given room for. */
  #call<T>(source: Buffer, room: number, call: Call, use: Use<T>): T {
    const from = this.#reserve(source.length + room);
    const to = (from + source.length) as Pointer;
    const engine = this.#engine;
    engine.HEAPU8.set(source, from);
    const length = call(to, room, from, source.length);
    if (engine._ZSTD_isError(length) !== 0) throw new Error(engine.UTF8ToString(engine._ZSTD_getErrorName(length)));
    return use(engine.HEAPU8.subarray(to, to + length));
  }

  /** Where so many bytes may stand until the next call. */
  #reserve(length: number): Pointer {
    const known = this.#region;
    if (known !== null && length <= known.length) return known.at;
    if (known !== null) this.#engine._free(known.at);
    this.#region = null;
    const wanted = Math.max(length, REGION);
    const at = this.#engine._malloc(wanted);
    if (at === 0) throw new Error('no memory is left');
    this.#region = { at, length: wanted };
    return at;
  }
}

/** A copy of all but the zeros at the end. */
function beginningOf(memory: Uint8Array): Uint8Array {
  return memory.slice(0, endOf(memory));
}

/** Where the zeros at the end begin, to a page. Where nothing was ever written they take no memory, as long as they are only read. */
function endOf(memory: Uint8Array): number {
  const zeros = new Uint8Array(PAGE);
  let end = memory.length;
  while (end > 0 && Buffer.compare(memory.subarray(end - PAGE, end), zeros) === 0) end -= PAGE;
  return end;
}
