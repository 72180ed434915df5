/** A scan cache on the disk: read with suspicion, written whole or not at all. */
import { createHash, hash, randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, futimesSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';
import {
  decodeHeader,
  encodeHeader,
  headerLength,
  paddingBehind,
  type PlacedSection,
  type Section,
} from '../formats/sections.ts';
import type { Records } from '../formats/tree-state.ts';
import type { AbsolutePath } from '../model/path.ts';
import { errorCode } from './entries.ts';
import { fill } from './fill.ts';

const CHUNK = 1024 * 1024;

/** A cache that was opened, and whose header is right. */
export interface OpenCache {
  readonly descriptor: number;
  readonly sections: readonly PlacedSection[];
}

/**
 * Opens a cache with so many sections. Null where there is none; a sentence where what is there is none: another's file, a symlink, cut off,
 * damaged. The system's other errors are thrown.
 */
export function openCache(folder: AbsolutePath, name: string, count: number): OpenCache | string | null {
  const descriptor = tryOpen(encodeBytes(`${folder}/${name}`));
  if (typeof descriptor !== 'number') return descriptor;
  const file = fstatSync(descriptor);
  const isOurs = file.isFile() && file.uid === process.geteuid?.() && (file.mode & 0o022) === 0;
  const sections = isOurs ? readHeader(descriptor, count, file.size) : 'it is not a file of this user alone';
  if (typeof sections === 'string') {
    closeSync(descriptor);
    return sections;
  }
  return { descriptor, sections };
}

function tryOpen(place: Buffer): number | string | null {
  try {
    return openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') return 'it is a symlink';
    throw error;
  }
}

function readHeader(descriptor: number, count: number, size: number): PlacedSection[] | string {
  const header = Buffer.alloc(headerLength(count));
  fill(descriptor, header, 0);
  return decodeHeader(header, count, size) ?? 'it is damaged, or of another version';
}

/** Reads a section into memory that threads can share. Its digest is not looked at. */
export function readSection({ descriptor }: OpenCache, { start, length }: PlacedSection): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(length));
  fill(descriptor, bytes, start);
  return bytes;
}

/** The records in a section, read where they are needed. Its digest is not looked at. */
export function recordsOf(descriptor: number, { start }: PlacedSection): Records {
  return {
    read: (from, into) => {
      if (fill(descriptor, into, start + from) < into.length) throw new Error('a cache is shorter than it was');
    },
  };
}

/** Whether bytes are those that were written as a section. */
export function isSection(bytes: Uint8Array, { digest }: Section): boolean {
  return hash('sha256', bytes, 'buffer').equals(digest);
}

/** The same of bytes that are not held. */
export function isWholeSection(descriptor: number, { start, length, digest }: PlacedSection): boolean {
  const sum = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, length));
  for (let at = 0; at < length;) {
    const piece = buffer.subarray(0, Math.min(CHUNK, length - at));
    if (fill(descriptor, piece, start + at) < piece.length) return false;
    sum.update(piece);
    at += piece.length;
  }
  return sum.digest().equals(digest);
}

export function closeCache({ descriptor }: OpenCache): void {
  closeSync(descriptor);
}

/** Notes that a cache was used: those that were not for longest are removed first. */
export function touchCache({ descriptor }: OpenCache): void {
  try {
    futimesSync(descriptor, new Date(), new Date());
  } catch {
    // it only goes earlier
  }
}

/** Writes a cache beside its name, and puts it there when all of it is written. Nobody else can read it. */
export class CacheWriter {
  readonly #folder: AbsolutePath;
  readonly #name: string;
  readonly #part: string;
  readonly #descriptor: number;
  readonly #count: number;
  readonly #sections: Section[] = [];
  #at: number;

  /** Throws the system's error where the folder takes no file. */
  constructor(folder: AbsolutePath, name: string, count: number) {
    this.#folder = folder;
    this.#name = name;
    this.#part = `${folder}/${name}.${randomBytes(8).toString('hex')}.part`;
    this.#count = count;
    this.#at = headerLength(count);
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    this.#descriptor = openSync(encodeBytes(this.#part), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  }

  /** Writes the next section, in pieces. */
  add(pieces: Iterable<Uint8Array>): void {
    const sum = createHash('sha256');
    let length = 0;
    for (const piece of inChunks(pieces)) {
      sum.update(piece);
      this.#write(piece, this.#at + length);
      length += piece.byteLength;
    }
    const padding = paddingBehind(length);
    this.#write(new Uint8Array(padding), this.#at + length);
    this.#at += length + padding;
    this.#sections.push({ length, digest: sum.digest() });
  }

  commit(): void {
    if (this.#sections.length !== this.#count) throw new Error(`${this.#sections.length} of ${this.#count} sections`);
    this.#write(encodeHeader(this.#sections), 0);
    closeSync(this.#descriptor);
    renameSync(encodeBytes(this.#part), encodeBytes(`${this.#folder}/${this.#name}`));
  }

  /** Leaves nothing behind. */
  discard(): void {
    try {
      unlinkSync(encodeBytes(this.#part));
      closeSync(this.#descriptor);
    } catch {
      // the next run removes it
    }
  }

  #write(bytes: Uint8Array, offset: number): void {
    for (let at = 0; at < bytes.byteLength;)
      at += writeSync(this.#descriptor, bytes, at, bytes.byteLength - at, offset + at);
  }
}

/** Small pieces put together to large ones; each is valid until the next is asked for. */
function* inChunks(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  let filled = 0;
  for (const piece of pieces) {
    if (filled + piece.byteLength > CHUNK) {
      yield chunk.subarray(0, filled);
      filled = 0;
    }
    if (piece.byteLength > CHUNK) yield piece;
    else {
      chunk.set(piece, filled);
      filled += piece.byteLength;
    }
  }
  yield chunk.subarray(0, filled);
}
