/** The search of a scan thread: a buffer in WebAssembly memory, and the kernel that finds all needles in it in one pass. */
import { existsSync, readFileSync } from 'node:fs';
import { findNeedles, type Finder, type Needles } from '../formats/needles.ts';
import { marshalStrings, type MarshalStrings } from '../formats/marshal.ts';
import { matchesPerStep, searchTable } from '../formats/search-table.ts';
import { headOf } from './file-view.ts';
import { MARSHAL_ROOM, marshalKernel, type MarshalProgram } from './marshal-kernel.ts';

export interface SearchKernel {
  /** Where to read files to; its bytes are searched where they lie. */
  readonly buffer: Buffer;
  /** Its first bytes, as many as rules may look at of any file. */
  readonly head: Buffer;
  /** Where needles stand in the first `length` bytes of the buffer, for `judgeHits`. Overwritten by the next call. */
  find(length: number): ArrayLike<number>;
  /** Reads marshal in the buffer; what lies elsewhere too, more slowly. */
  readonly marshalStrings: MarshalStrings;
}

/** What assembly/search.ts exports. */
interface Program extends MarshalProgram {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  base(): number;
  find(table: number, bytes: number, from: number, length: number, out: number, capacity: number): number;
  resumeAt(): number;
}

/** The part of the standard's global that is used here; the types of Node 20 do not have it. */
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object) => { readonly exports: unknown };
    }
  | undefined;

const NOTHING: ArrayLike<number> = [];
const PAGE = 64 * 1024;
const SYSTEM_PAGE = 4096;
/** Pairs of matches that are handed over at a time, besides what one step may give. */
const PAIRS = 4096;
/** Bytes of a pair: needle and offset, u32 each. */
const PAIR = 8;
/** The kernel reads on behind the bytes that it searches: to the end of its step, and a vector at some distance. */
const SLACK = 128;

/** Makes a kernel with a buffer of `size` bytes. Where there is no WebAssembly (`--jitless`) or no build, a plain search does the same. */
export function searchKernel(needles: Needles, size: number): SearchKernel {
  const program = loadProgram();
  return program === null ? plainKernel(needles, size) : new WasmKernel(program, needles, size);
}

/** The same with Buffer.indexOf, one needle after the other. */
export function plainKernel(needles: Needles, size: number): SearchKernel {
  const buffer = Buffer.alloc(size);
  return {
    buffer,
    head: headOf(buffer),
    find: (length) => findNeedles(buffer.subarray(0, length), needles),
    marshalStrings,
  };
}

/** Bytes that are searched at a time, and the room for as many of them again as a needle may need. */
const STEP = 256 * 1024;

/** A search for bytes that lie anywhere: they are copied to a kernel of its own, step by step. */
export function kernelFinder(needles: Needles): Finder {
  const reach = Math.max(1, needles.needles[0]?.bytes.length ?? 1) - 1;
  const kernel = searchKernel(needles, STEP + reach);
  return (bytes) => {
    if (bytes.length <= kernel.buffer.length) return kernel.find(bytes.copy(kernel.buffer));
    const found: number[] = [];
    for (let at = 0; at < bytes.length; at += STEP) {
      const there = kernel.find(bytes.copy(kernel.buffer, 0, at, at + STEP + reach));
      for (let i = 0; i < there.length; i += 2) {
        const offset = there[i + 1] ?? 0;
        // what begins behind the step is found by the next
        if (offset < STEP) found.push(there[i] ?? 0, at + offset);
      }
    }
    return found;
  };
}

class WasmKernel implements SearchKernel {
  readonly buffer: Buffer;
  readonly head: Buffer;
  readonly marshalStrings: MarshalStrings;
  readonly #program: Program;
  readonly #table: number;
  readonly #out: number;
  readonly #bytes: number;
  readonly #capacity: number;
  /** The first match, which most often is the only one. */
  readonly #first: Uint32Array;

  constructor(program: Program, { needles }: Needles, size: number) {
    const patterns = needles.map(({ bytes }) => bytes);
    const table = searchTable(patterns);
    this.#program = program;
    this.#capacity = PAIRS + matchesPerStep(patterns);
    this.#table = aligned(program.base());
    this.#out = aligned(this.#table + table.length);
    const marshalAt = aligned(this.#out + this.#capacity * PAIR);
    // the system copies up to a third more slowly to where a page begins a little earlier
    this.#bytes = aligned(marshalAt + MARSHAL_ROOM, SYSTEM_PAGE);
    const end = this.#bytes + size + SLACK;
    const { memory } = program;
    if (end > memory.buffer.byteLength) memory.grow(Math.ceil((end - memory.buffer.byteLength) / PAGE));
    Buffer.from(memory.buffer, this.#table, table.length).set(table);
    this.buffer = Buffer.from(memory.buffer, this.#bytes, size);
    this.head = headOf(this.buffer);
    this.#first = new Uint32Array(memory.buffer, this.#out, 2);
    this.marshalStrings = marshalKernel(program, marshalAt);
  }

  find(length: number): ArrayLike<number> {
    let count = this.#findFrom(0, length);
    // not even one match: there was room for all
    if (count === 0) return NOTHING;
    if (count === 1) return this.#first;
    if (this.#program.resumeAt() >= length) return new Uint32Array(this.#program.memory.buffer, this.#out, 2 * count);
    const found: number[] = [];
    for (;;) {
      for (const number of new Uint32Array(this.#program.memory.buffer, this.#out, 2 * count)) found.push(number);
      const at = this.#program.resumeAt();
      if (at >= length) return found;
      count = this.#findFrom(at, length);
    }
  }

  #findFrom(from: number, length: number): number {
    return this.#program.find(this.#table, this.#bytes, from, length, this.#out, this.#capacity);
  }
}

function aligned(address: number, to = 64): number {
  return Math.ceil(address / to) * to;
}

/** The kernel as the build made it: beside this file, or, where the sources run, in the build. */
function loadProgram(): Program | null {
  if (typeof WebAssembly === 'undefined') return null;
  const place = ['./search.wasm', '../../dist/io/search.wasm']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
  if (place === undefined) return null;
  // assembly/search.ts and this interface go together
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(place))).exports as Program;
}
