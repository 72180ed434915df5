/** Writes the file of an archive: lays entries out in frames, has those made side by side, and writes them in order. */
import { createHash, type Hash } from 'node:crypto';
import { fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { provenHeader } from '../formats/proven-header.ts';
import { BLOCK, END_OF_ARCHIVE, paddingOf, type TarEntry } from '../formats/tar-entry.ts';
import { headerLength } from '../formats/tar-write.ts';
import { ArchiveError } from '../model/errors.ts';
import { isZeros } from './compression.ts';
import { fill } from './fill.ts';
import type { FramePool } from './frame-pool.ts';
import type { FrameEntry, PackedFrame } from './frame-tasks.ts';

export interface WrittenArchive {
  /** Bytes of the file, and its sha256 (hex). */
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes of the tar within. */
  readonly contents: number;
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** What is read back at a time: the processor still has it at hand when it is compared. */
const PIECE = 256 * 1024;

/**
 * Frames are cut where an entry begins, as soon as the next entry would not fit; an entry larger than a frame begins one and goes
 * on in as many as it needs. So the bytes depend on the entries alone, not on how many frames are made at a time.
 */
export class ArchiveWriter {
  readonly #descriptor: number;
  readonly #frameBytes: number;
  readonly #pool: FramePool;
  /** Of what was read back. */
  readonly #digest: Hash = createHash('sha256');
  readonly #piece: Buffer = Buffer.allocUnsafeSlow(PIECE);
  readonly #pending: Promise<PackedFrame>[] = [];
  /** What the present frame begins with, and the entries that it goes on with. */
  #head: Uint8Array = NOTHING;
  #headFilled = 0;
  #entries: FrameEntry[] = [];
  /** Bytes of both. */
  #filled = 0;
  #bytes = 0;
  #contents = 0;

  /** `descriptor`: an empty file, open for reading and writing; the caller closes it, and stops the pool. */
  constructor(descriptor: number, pool: FramePool) {
    this.#descriptor = descriptor;
    this.#frameBytes = pool.frameBytes;
    this.#pool = pool;
  }

  /** Adds an entry: a thread reads it where it fits into one frame, else `pieces` are taken, as by `addBytes`. */
  async add(entry: FrameEntry, pieces: () => Iterable<Buffer>): Promise<void> {
    const room = this.#roomOf(entry.header);
    if (this.#filled > 0 && this.#filled + room > this.#frameBytes) await this.cut();
    if (room > this.#frameBytes) return this.addBytes(entry.header, pieces());
    this.#entries.push(entry);
    this.#filled += room;
  }

  /**
   * Adds an entry with its bytes, in pieces that are not kept. The pieces must come to exactly `header.size` bytes.
   * @throws RangeError where they don't: the archive is void then
   */
  async addBytes(header: TarEntry, pieces: Iterable<Buffer>): Promise<void> {
    if (this.#entries.length > 0 || (this.#filled > 0 && this.#filled + this.#roomOf(header) > this.#frameBytes))
      await this.cut();
    await this.#append(provenHeader(header));
    let left = header.size;
    for (const piece of pieces) {
      left -= piece.length;
      if (left < 0) break;
      await this.#append(piece);
    }
    if (left !== 0)
      throw new RangeError(
        `the contents of an entry differ by ${-left} bytes from the ${header.size} that were announced`,
      );
    await this.#append(new Uint8Array(paddingOf(header.size)));
  }

  /** Ends the frame: what comes next can be read without what was before. */
  async cut(): Promise<void> {
    if (this.#filled > 0) await this.#make(false);
  }

  /** Ends the archive. The file is complete, and was read back, but is not yet on the disk for sure. */
  async finish(): Promise<WrittenArchive> {
    if (this.#filled + END_OF_ARCHIVE.length > this.#frameBytes) await this.cut();
    await this.#make(true);
    while (this.#pending.length > 0) await this.#writeNext();
    if (fstatSync(this.#descriptor).size !== this.#bytes) throw notAsWritten();
    return { bytes: this.#bytes, sha256: this.#digest.digest('hex'), contents: this.#contents };
  }

  #roomOf(header: TarEntry): number {
    return headerLength(header) + header.size + paddingOf(header.size);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#headFilled === 0) await this.#beginHead();
      const taken = bytes.subarray(at, at + this.#frameBytes - this.#headFilled);
      this.#head.set(taken, this.#headFilled);
      at += taken.length;
      this.#headFilled += taken.length;
      this.#filled += taken.length;
      if (this.#filled === this.#frameBytes) await this.cut();
    }
  }

  async #beginHead(): Promise<void> {
    while (this.#pending.length >= this.#pool.roomWhileFilling) await this.#writeNext();
    this.#head = new Uint8Array(this.#pool.memory(), 0, this.#frameBytes);
  }

  async #make(isLast: boolean): Promise<void> {
    const head = this.#head.subarray(0, this.#headFilled);
    const frame = this.#pool.make({ head, entries: this.#entries, isLast });
    // it is awaited in its turn; until then a failure is not unheard
    frame.catch(() => {});
    this.#pending.push(frame);
    this.#head = NOTHING;
    this.#headFilled = 0;
    this.#entries = [];
    this.#filled = 0;
    // what the other threads say meanwhile is heard between frames
    await setImmediate();
    while (this.#pending.length >= this.#pool.room) await this.#writeNext();
  }

  async #writeNext(): Promise<void> {
    const next = this.#pending.shift();
    if (next === undefined) return;
    const frame = await next;
    this.#write(Buffer.from(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength));
    this.#contents += frame.contents;
    this.#pool.done(frame);
  }

  #write(bytes: Buffer): void {
    const begin = this.#bytes;
    const end = begin + bytes.length;
    // zeros of a plain tar become a hole: a sparse file costs no disk there either
    if (bytes.length >= BLOCK && isZeros(bytes)) ftruncateSync(this.#descriptor, end);
    else for (let at = begin; at < end;) at += writeSync(this.#descriptor, bytes, at - begin, end - at, at);
    this.#readBack(bytes);
    this.#bytes = end;
  }

  /** Adds to the digest what stands in the file, and holds it against what was written there. */
  #readBack(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const room = this.#piece.subarray(0, Math.min(PIECE, bytes.length - at));
      const filled = fill(this.#descriptor, room, this.#bytes + at, room.length);
      if (filled !== room.length || room.compare(bytes, at, at + filled) !== 0) throw notAsWritten();
      this.#digest.update(room);
      at += filled;
    }
  }
}

function notAsWritten(): ArchiveError {
  return new ArchiveError(
    'pack-proof',
    'the archive reads back differently than it was written; nothing was kept: is the disk in order?',
  );
}
