/** Takes the entries out of a stream of tar bytes, one after the other, with nothing taken for granted. */
import { ArchiveError } from '../model/errors.ts';
import { BLOCK, paddingOf, type TarEntry } from '../formats/tar-entry.ts';
import { parsePax, type PaxRecords } from '../formats/tar-pax.ts';
import { readBlock, readEntry } from '../formats/tar-read.ts';

export class TarStream {
  readonly #frames: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  /** Bytes of the present entry that have not been taken, and what fills its last block. */
  #left = 0;
  #padding = 0;
  /** Bytes of the tar that came so far. */
  #received = 0;

  constructor(frames: AsyncIterable<Buffer>) {
    this.#frames = frames[Symbol.asyncIterator]();
  }

  /** Where the entry behind the present one begins. */
  get position(): number {
    return this.#received - this.#chunk.length + this.#left + this.#padding;
  }

  /**
   * The next entry, null at the end of the archive; contents of the one before that were not taken are passed over.
   * @throws ArchiveError where the archive is cut short, goes on behind its end, or a header is refused (formats/tar-read.ts)
   */
  async next(): Promise<TarEntry | null> {
    await this.#pass();
    let pax: { readonly records: PaxRecords; readonly raw: Buffer } | null = null;
    for (;;) {
      // of its own: a pax header is needed when the frame that it was in has gone
      const block = Buffer.from(await this.#take(BLOCK));
      const header = readBlock(block);
      if (header.kind === 'end') {
        if (pax !== null)
          throw new ArchiveError('pax-without-entry', 'a pax header is followed by the end of the archive');
        await this.#requireEnd();
        return null;
      }
      if (header.kind === 'pax') {
        if (pax !== null)
          throw new ArchiveError(
            'pax-without-entry',
            'a pax header is followed by another: whose records count is anyone’s guess',
          );
        const body = await this.#take(header.size + paddingOf(header.size));
        requireZeros(body.subarray(header.size));
        pax = { records: parsePax(body.subarray(0, header.size)), raw: Buffer.concat([block, body]) };
        continue;
      }
      const entry = readEntry(
        header.type,
        block,
        pax?.records ?? {},
        pax === null ? block : Buffer.concat([pax.raw, block]),
      );
      this.#left = entry.size;
      this.#padding = paddingOf(entry.size);
      return entry;
    }
  }

  /**
   * Whether the next entry begins with exactly these bytes, the header that `writeHeader` gives for what is expected; it is the present one
   * then. Where not, nothing was taken: `next` tells what is there.
   */
  async nextIs(header: Buffer, size: number): Promise<boolean> {
    await this.#pass();
    if (this.#chunk.length === 0) await this.#fill();
    if (this.#chunk.length < header.length || header.compare(this.#chunk, 0, header.length) !== 0) return false;
    this.#chunk = this.#chunk.subarray(header.length);
    this.#left = size;
    this.#padding = paddingOf(size);
    return true;
  }

  /** The next piece of the present entry's contents, null when there are no more. Valid until the next call. */
  async piece(): Promise<Buffer | null> {
    if (this.#left === 0) {
      if (this.#padding > 0) requireZeros(await this.#take(this.#padding));
      this.#padding = 0;
      return null;
    }
    await this.#fill();
    const piece = this.#chunk.subarray(0, this.#left);
    this.#chunk = this.#chunk.subarray(piece.length);
    this.#left -= piece.length;
    return piece;
  }

  /** Contents as an iterable; to be taken whole before `next` is called. */
  async *pieces(): AsyncGenerator<Buffer, void, void> {
    for (let piece = await this.piece(); piece !== null; piece = await this.piece()) yield piece;
  }

  /** Goes on to the end of the present entry. */
  async #pass(): Promise<void> {
    for (let piece = await this.piece(); piece !== null; piece = await this.piece()) continue;
  }

  async #requireEnd(): Promise<void> {
    if (readBlock(await this.#take(BLOCK)).kind !== 'end')
      throw new ArchiveError('tar-end', 'a block of zeros stands between the entries of the archive');
    for (;;) {
      if (this.#chunk.length > 0) throw new ArchiveError('tar-trailing', 'something follows the end of the archive');
      const next = await this.#frames.next();
      if (next.done === true) return;
      this.#chunk = next.value;
    }
  }

  /** Makes sure that there are bytes to take. */
  async #fill(): Promise<void> {
    while (this.#chunk.length === 0) {
      const next = await this.#frames.next();
      if (next.done === true)
        throw new ArchiveError('archive-truncated', 'the archive ends in the middle: it was cut short');
      this.#chunk = next.value;
      this.#received += this.#chunk.length;
    }
  }

  /** Bytes that are valid until the next call. */
  async #take(length: number): Promise<Buffer> {
    await this.#fill();
    if (this.#chunk.length >= length) {
      const taken = this.#chunk.subarray(0, length);
      this.#chunk = this.#chunk.subarray(length);
      return taken;
    }
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0;) {
      await this.#fill();
      const part = this.#chunk.subarray(0, missing);
      this.#chunk = this.#chunk.subarray(part.length);
      missing -= part.length;
      parts.push(Buffer.from(part));
    }
    return Buffer.concat(parts);
  }
}

function requireZeros(padding: Buffer): void {
  if (padding.some((byte) => byte !== 0))
    throw new ArchiveError('tar-padding', 'the archive hides bytes behind the contents of an entry');
}
