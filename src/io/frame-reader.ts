/** Reads frames from the file of an archive and unpacks them into memory that is given. */
import { ZSTD_FRAME_BYTES } from '../formats/zstd-frames.ts';
import { ArchiveError } from '../model/errors.ts';
import type { FramePlace } from './file-tasks.ts';
import { fill } from './fill.ts';
import { unpackerInto } from './unpacking.ts';

/** No frame is longer than this, but for the few bytes around contents that do not compress. */
const MOST = ZSTD_FRAME_BYTES + 4096;

export class FrameReader {
  #member: Buffer = Buffer.alloc(0);

  /** @throws ArchiveError where the frame is damaged or not what its head says */
  async unpack(buffer: SharedArrayBuffer, { descriptor, compression, at, sizes }: FramePlace): Promise<void> {
    const unpack = await unpackerInto(compression);
    // one buffer for all frames, from here on in one go: what is made anew for each stays until the garbage collector comes by
    if (this.#member.length < sizes.member) this.#member = Buffer.allocUnsafeSlow(Math.max(sizes.member, MOST));
    const member = this.#member.subarray(0, sizes.member);
    if (fill(descriptor, member, at, sizes.member) !== sizes.member)
      throw new ArchiveError('archive-truncated', 'the archive ends in the middle of a frame: it was cut short');
    unpack(new Uint8Array(buffer, 0, sizes.contents), member, sizes);
  }
}
