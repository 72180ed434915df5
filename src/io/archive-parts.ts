/** The parts in which an archive is unpacked, found by the heads of its frames alone; a plain tar has none, and is cut between its entries. */
import type { CompressionName } from './compression.ts';
import type { FrameSizes } from '../formats/frame-sizes.ts';
import { measuredFrames, type ArchiveFile } from './frames.ts';

/** How much of a plain tar is read at a time. */
const STRETCH = 1024 * 1024;

/** Where a part lies in the open file of an archive. */
export interface PartPlace {
  readonly descriptor: number;
  readonly compression: CompressionName;
  readonly at: number;
  readonly sizes: FrameSizes;
}

/** The bytes [from, to) of a tar. */
export interface Part {
  readonly from: number;
  readonly to: number;
  /** Whether it may end sooner, as it is no frame. */
  readonly isLoose: boolean;
  readonly place: PartPlace;
}

export class ArchiveParts {
  readonly #file: ArchiveFile;
  readonly #frames: Iterator<PartPlace, void>;
  /** Up to where frames were measured. */
  #end = 0;

  constructor(file: ArchiveFile) {
    this.#file = file;
    this.#frames = measuredFrames(file);
  }

  /**
   * The part with a byte of the tar, which is not before the part that was asked for last; null where the file ends.
   * @throws ArchiveError where what should be a frame is none
   */
  partAt(at: number): Part | null {
    const { descriptor, compression, size } = this.#file;
    if (compression === 'none') {
      if (at >= size) return null;
      const length = Math.min(STRETCH, size - at);
      return loosePart({ descriptor, compression, at, sizes: { member: length, contents: length } }, length);
    }
    for (let frame = this.#frames.next(); frame.done !== true; frame = this.#frames.next()) {
      const from = this.#end;
      this.#end += frame.value.sizes.contents;
      if (this.#end > at) return { from, to: this.#end, isLoose: false, place: frame.value };
    }
    return null;
  }
}

/** The same part, ended sooner. */
export function cutPart({ place }: Part, length: number): Part {
  return loosePart(place, length);
}

function loosePart(place: PartPlace, length: number): Part {
  const sizes = { member: length, contents: length };
  return { from: place.at, to: place.at + length, isLoose: true, place: { ...place, sizes } };
}
