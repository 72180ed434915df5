/** What is told of a frame of a compressed archive before it is unpacked. */

/** Bytes of a whole frame, and of its contents. */
export interface FrameSizes {
  readonly member: number;
  readonly contents: number;
}

/** Bytes of an archive; fewer than asked for where it ends. */
export type BytesAt = (position: number, length: number) => Buffer;
