/** A new file that is being written: nothing is there before it, not even a link, and zeros may become holes. */
import { closeSync, constants, fchmodSync, ftruncateSync, futimesSync, openSync, writeSync } from 'node:fs';
import { isZeros } from './compression.ts';

/** Zeros of this length, on its own boundary, become a hole. */
const HOLE = 64 * 1024;

/** What a file gets when all its bytes are written. */
export interface FileAttributes {
  readonly mode: number;
  /** Nanoseconds since the epoch, decimal. */
  readonly mtime: string;
}

export class FileOutput {
  readonly #descriptor: number;
  readonly #isSparse: boolean;
  #size = 0;

  constructor(place: Buffer | string, isSparse: boolean) {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    this.#descriptor = openSync(place, flags, 0o600);
    this.#isSparse = isSparse;
  }

  write(piece: Buffer): void {
    for (let at = 0; at < piece.length;) {
      const position = this.#size + at;
      const end = this.#isSparse ? Math.min(piece.length, at + HOLE - (position % HOLE)) : piece.length;
      const part = piece.subarray(at, end);
      if (!this.#isSparse || !isZeros(part)) writeWhole(this.#descriptor, part, position);
      at = end;
    }
    this.#size += piece.length;
  }

  /** Ends the file; without attributes it stays its owner's alone, and as young as it is. Returns its size. */
  finish(attributes: FileAttributes | null = null): number {
    if (this.#isSparse) ftruncateSync(this.#descriptor, this.#size);
    if (attributes !== null) {
      const time = settableTime(attributes.mtime);
      fchmodSync(this.#descriptor, attributes.mode);
      futimesSync(this.#descriptor, time, time);
    }
    return this.#size;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** A time as exactly as Node can set it: to the microsecond, before 1970 to the millisecond. */
export function settableTime(nanoseconds: string): number | Date {
  const time = BigInt(nanoseconds);
  // half a microsecond more: the number is cut on its way, not rounded
  return time < 0n ? new Date(Number(time / 1_000_000n)) : (Number(time / 1000n) + 0.5) / 1e6;
}

function writeWhole(descriptor: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at, position + at);
}
