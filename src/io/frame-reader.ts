/** Reads the parts of an archive from its file and unpacks them. */
import { ZSTD_FRAME_BYTES } from '../formats/zstd-frames.ts';
import { ArchiveError } from '../model/errors.ts';
import type { PartPlace } from './archive-parts.ts';
import { fill } from './fill.ts';
import { unpackerOf } from './unpacking.ts';

/** No frame is longer than this, but for the few bytes around contents that do not compress. */
const MOST = ZSTD_FRAME_BYTES + 4096;

export class FrameReader {
  // one buffer for all frames, from here on in one go: what is made anew for each stays until the garbage collector comes by
  #member: Buffer = Buffer.alloc(0);
  #contents: Buffer = Buffer.alloc(0);

  /** The bytes of the tar in a part, valid until the next call. @throws ArchiveError where it is damaged or not what its head says */
  read(place: PartPlace): Promise<Buffer> {
    return this.lend(place, (bytes) => {
      if (place.compression === 'none') return bytes;
      this.#contents = roomFor(bytes.length, this.#contents);
      bytes.copy(this.#contents);
      return this.#contents.subarray(0, bytes.length);
    });
  }

  /**
   * Lends the same bytes to `use` without a copy: they stand where they were unpacked, and are gone afterwards.
   * @throws ArchiveError where the part is damaged or not what its head says; what `use` throws
   */
  async lend<T>(place: PartPlace, use: (bytes: Buffer) => T): Promise<T> {
    const { compression, sizes } = place;
    if (compression === 'none') return use(this.#memberAt(place));
    const unpack = await unpackerOf(compression);
    return unpack(this.#memberAt(place), sizes, use);
  }

  #memberAt({ descriptor, at, sizes }: PartPlace): Buffer {
    this.#member = roomFor(sizes.member, this.#member);
    const member = this.#member.subarray(0, sizes.member);
    if (fill(descriptor, member, at, sizes.member) !== sizes.member)
      throw new ArchiveError('archive-truncated', 'the archive ends in the middle of a frame: it was cut short');
    return member;
  }
}

function roomFor(bytes: number, buffer: Buffer): Buffer {
  return buffer.length >= bytes ? buffer : Buffer.allocUnsafeSlow(Math.max(bytes, MOST));
}
