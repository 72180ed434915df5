/** Reads the parts of an archive from its file and unpacks them. */
import { ZSTD_FRAME_BYTES } from '../formats/zstd-frames.ts';
import { ArchiveError } from '../model/errors.ts';
import type { PartPlace } from './archive-parts.ts';
import { fill } from './fill.ts';
import { unpackerInto } from './unpacking.ts';

/** No frame is longer than this, but for the few bytes around contents that do not compress. */
const MOST = ZSTD_FRAME_BYTES + 4096;

export class FrameReader {
  // one buffer for all frames, from here on in one go: what is made anew for each stays until the garbage collector comes by
  #member: Buffer = Buffer.alloc(0);
  #contents: Buffer = Buffer.alloc(0);

  /** The bytes of the tar in a part, valid until the next call. @throws ArchiveError where it is damaged or not what its head says */
  async read({ descriptor, compression, at, sizes }: PartPlace): Promise<Buffer> {
    this.#member = roomFor(sizes.member, this.#member);
    const member = this.#member.subarray(0, sizes.member);
    if (fill(descriptor, member, at, sizes.member) !== sizes.member)
      throw new ArchiveError('archive-truncated', 'the archive ends in the middle of a frame: it was cut short');
    if (compression === 'none') return member;
    this.#contents = roomFor(sizes.contents, this.#contents);
    const contents = this.#contents.subarray(0, sizes.contents);
    (await unpackerInto(compression))(contents, member, sizes);
    return contents;
  }
}

function roomFor(bytes: number, buffer: Buffer): Buffer {
  return buffer.length >= bytes ? buffer : Buffer.allocUnsafeSlow(Math.max(bytes, MOST));
}
