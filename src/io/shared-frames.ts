/** Frames of an archive, unpacked by file threads into memory that all of them see: files are written from where they lie. */
import { ZSTD_FRAME_BYTES } from '../formats/zstd-frames.ts';
import type { FileThreads } from './file-threads.ts';
import { errorOf, type FramePlace } from './file-tasks.ts';
import type { FrameUnpacker } from './frames.ts';

export class SharedFrames implements FrameUnpacker {
  readonly #threads: FileThreads;
  /** Buffers that are in use, by how many. */
  readonly #users = new Map<SharedArrayBuffer, number>();
  readonly #free: SharedArrayBuffer[] = [];

  constructor(threads: FileThreads) {
    this.#threads = threads;
  }

  /** Frames that are asked for before their turn: what the calling thread unpacks gains nothing from being early. */
  get ahead(): number {
    return this.#threads.capacity > 1 ? this.#threads.capacity - 1 : 0;
  }

  async unpack(place: FramePlace): Promise<Buffer> {
    const buffer = this.#free.pop() ?? new SharedArrayBuffer(ZSTD_FRAME_BYTES);
    this.hold(buffer);
    const { failure } = await this.#threads.run(this.#threads.soonest(), { kind: 'unpack', place, buffer });
    if (failure !== null) throw errorOf(failure);
    return Buffer.from(buffer, 0, place.sizes.contents);
  }

  passed({ buffer }: Buffer): void {
    if (buffer instanceof SharedArrayBuffer) this.release(buffer);
  }

  /** Somebody more needs what is in a buffer. */
  hold(buffer: SharedArrayBuffer): void {
    this.#users.set(buffer, (this.#users.get(buffer) ?? 0) + 1);
  }

  /** Somebody needs it no more: a buffer that nobody needs is used again. */
  release(buffer: SharedArrayBuffer): void {
    const left = (this.#users.get(buffer) ?? 0) - 1;
    this.#users.set(buffer, left);
    if (left === 0) this.#free.push(buffer);
  }
}
