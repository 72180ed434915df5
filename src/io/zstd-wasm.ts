/**
 * zstd of an optional package, in WebAssembly. Its own functions make copies that the garbage collector has to find; these hand over what stands in
 * its memory. Its one context goes through all calls.
 */

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

export class WasmZstd {
  readonly #engine: Engine;
  /** What the engine's memory begins with: behind that are zeros. */
  #beginning: Uint8Array | null = null;
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

  /** Makes one frame, in room for the most that it may become. */
  compress<T>(contents: Buffer, level: number, room: number, use: Use<T>): T {
    this.#beginning ??= beginningOf(this.#engine.HEAPU8);
    if (this.#compressed + contents.length > MOST_OF_A_CONTEXT) this.#beginAnew(this.#beginning);
    this.#compressed += contents.length;
    return this.#call(contents, room, (...places) => this.#engine._compress(...places, level), use);
  }

  /** Unpacks one frame, in room for what it says that it holds. */
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
  #beginAnew(beginning: Uint8Array): void {
    const { HEAPU8: memory } = this.#engine;
    memory.set(beginning);
    memory.fill(0, beginning.length);
    this.#compressed = 0;
  }

  /** One call in the engine's memory: it writes no more than it is given room for. */
  #call<T>(source: Buffer, room: number, call: Call, use: Use<T>): T {
    const engine = this.#engine;
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
}

/** All but the zeros at the end, which take no memory as long as nobody writes there. */
function beginningOf(memory: Uint8Array): Uint8Array {
  const zeros = new Uint8Array(PAGE);
  let end = memory.length;
  while (end > 0 && Buffer.compare(memory.subarray(end - PAGE, end), zeros) === 0) end -= PAGE;
  return memory.slice(0, end);
}
