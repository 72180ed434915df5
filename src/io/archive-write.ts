/** Writes the file of an archive: entries into frames, frames compressed side by side and written in order. */
import { createHash, type Hash } from 'node:crypto';
import { ftruncateSync, writeSync } from 'node:fs';
import { BLOCK, END_OF_ARCHIVE, paddingOf, type TarEntry } from '../formats/tar-entry.ts';
import { writeHeader } from '../formats/tar-write.ts';
import { isZeros, type Compression } from './compression.ts';

/** Contents in pieces, each valid until the next is asked for. */
export type Pieces = Iterable<Buffer>;

export interface WrittenArchive {
  /** Bytes of the file, and its sha256 (hex). */
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes of the tar within. */
  readonly contents: number;
}

const PADDING: Buffer = Buffer.alloc(BLOCK);

interface PendingFrame {
  readonly compressed: Promise<Buffer>;
  /** What the frame was put together in. */
  readonly buffer: Buffer;
}

/**
 * Frames are cut where an entry begins, as soon as the next entry would not fit; an entry larger than a frame begins one and goes
 * on in as many as it needs. So the bytes depend on the entries alone, not on how many frames are compressed at a time.
 */
export class ArchiveWriter {
  readonly #descriptor: number;
  readonly #compression: Compression;
  readonly #jobs: number;
  readonly #digest: Hash = createHash('sha256');
  readonly #pending: PendingFrame[] = [];
  /** Buffers of frames that are written: used again, since the garbage collector is in no hurry with them. */
  readonly #free: Buffer[] = [];
  #frame: Buffer;
  #filled = 0;
  #bytes = 0;
  #contents = 0;

  /** `descriptor`: an empty file, open for writing; the caller closes it. `jobs`: frames compressed at a time. */
  constructor(descriptor: number, compression: Compression, jobs: number) {
    this.#descriptor = descriptor;
    this.#compression = compression;
    this.#jobs = Math.max(1, jobs);
    this.#frame = Buffer.allocUnsafe(compression.frameBytes);
  }

  /**
   * Adds an entry. The pieces must come to exactly `entry.size` bytes.
   * @throws RangeError where they don't: the archive is void then
   */
  async add(entry: TarEntry, pieces: Pieces): Promise<void> {
    const header = writeHeader(entry);
    const padding = paddingOf(entry.size);
    if (this.#filled > 0 && this.#filled + header.length + entry.size + padding > this.#frame.length) await this.cut();
    await this.#append(header);
    let left = entry.size;
    for (const piece of pieces) {
      left -= piece.length;
      if (left < 0) break;
      await this.#append(piece);
    }
    if (left !== 0)
      throw new RangeError(
        `the contents of an entry differ by ${-left} bytes from the ${entry.size} that were announced`,
      );
    await this.#append(PADDING.subarray(0, padding));
  }

  /** Ends the frame: what comes next can be read without what was before. */
  async cut(): Promise<void> {
    if (this.#filled === 0) return;
    const buffer = this.#frame;
    const frame = buffer.subarray(0, this.#filled);
    this.#frame = this.#free.pop() ?? Buffer.allocUnsafe(this.#compression.frameBytes);
    this.#filled = 0;
    this.#contents += frame.length;
    const compressed = this.#compression.compress(frame);
    // it is awaited in its turn; until then a failure is not unheard
    compressed.catch(() => {});
    this.#pending.push({ compressed, buffer });
    while (this.#pending.length > this.#jobs) await this.#writeNext();
  }

  /** Ends the archive. The file is complete but not yet on the disk for sure. */
  async finish(): Promise<WrittenArchive> {
    if (this.#filled + END_OF_ARCHIVE.length > this.#frame.length) await this.cut();
    await this.#append(END_OF_ARCHIVE);
    await this.cut();
    while (this.#pending.length > 0) await this.#writeNext();
    ftruncateSync(this.#descriptor, this.#bytes);
    return { bytes: this.#bytes, sha256: this.#digest.digest('hex'), contents: this.#contents };
  }

  async #append(bytes: Buffer): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      const taken = bytes.copy(this.#frame, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled === this.#frame.length) await this.cut();
    }
  }

  async #writeNext(): Promise<void> {
    const next = this.#pending.shift();
    if (next === undefined) return;
    const bytes = await next.compressed;
    this.#digest.update(bytes);
    // zeros of a plain tar become a hole: a sparse file costs no disk there either
    const isHole = bytes.length >= BLOCK && isZeros(bytes);
    for (let at = 0; at < bytes.length && !isHole;)
      at += writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#bytes + at);
    this.#bytes += bytes.length;
    this.#free.push(next.buffer);
  }
}
