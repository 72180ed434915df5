/** The bytes of a file as an archive holds them: read, with the edits of a plan, whole into a buffer that is given or piece by piece. */
import { showBytes } from '../formats/byte-text.ts';
import { putSplices, splicedSize } from '../formats/splices.ts';
import { StalePlanError } from '../model/errors.ts';
import type { Splice } from '../model/reference.ts';
import { changedContent } from './content.ts';
import { errorCode, hostPath } from './entries.ts';
import { withFile } from './file-read.ts';
import { fill } from './fill.ts';
import type { FileSource } from './frame-tasks.ts';
import { readPieces } from './pieces.ts';

/** A file that was read into a buffer. */
export interface PutFile {
  /** Where its new bytes end in the buffer. */
  readonly end: number;
  /** What stands in the tree, where that was edited; valid until the next file is read. */
  readonly original: Buffer | null;
}

/** Reads files one after the other; what is edited goes through a buffer of its own, which is used again. */
export class FileBytes {
  readonly #limit: number;
  #scratch: Buffer | null = null;

  /** `limit`: a file of more bytes than this is never put into a buffer whole. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Puts the new bytes of a file into a buffer. Null where they do not fit, or the file is one that has to be read piece by piece.
   * @param size of the new bytes, where that is known: one read is enough then
   * @throws StalePlanError where the file can't be read, or ends before its last edit
   */
  put(target: Buffer, start: number, source: FileSource, size?: number): PutFile | null {
    const { change, path } = source;
    try {
      if (change === null) return this.#putPlain(target, start, source, size);
      return change.seals.length > 0 ? null : this.#putEdited(target, start, source, change.splices, size);
    } catch (error) {
      throw readable(error, path);
    }
  }

  #putPlain(target: Buffer, start: number, source: FileSource, size: number | undefined): PutFile | null {
    // one byte more tells that it has grown
    const room = target.subarray(start, size === undefined ? this.#limit + 1 : start + size + 1);
    const filled = read(source, room, size);
    return filled === room.length && size === undefined ? null : { end: start + filled, original: null };
  }

  #putEdited(
    target: Buffer,
    start: number,
    source: FileSource,
    splices: readonly Splice[],
    size: number | undefined,
  ): PutFile | null {
    this.#scratch ??= Buffer.allocUnsafeSlow(this.#limit + 1);
    const grown = splicedSize(0, splices);
    const filled = read(source, this.#scratch, size === undefined ? undefined : size - grown);
    if (filled === this.#scratch.length || filled + grown > this.#limit - start) return null;
    const original = this.#scratch.subarray(0, filled);
    if (splices.some(({ end }) => end > filled)) throw resized(source.path, false);
    return { end: putSplices(original, splices, target, start), original };
  }
}

function read({ root, path }: FileSource, room: Buffer, expected: number | undefined): number {
  return withFile(root, path, (descriptor) => fill(descriptor, room, 0, expected));
}

/** The new bytes of a file of any size, piece by piece, each valid until the next is asked for. */
export function* piecesOf({ root, path, change }: FileSource): Generator<Buffer, void, void> {
  const planned = { kind: 'content', file: path, aliases: [], edits: [], follows: [], renders: [] } as const;
  try {
    if (change === null) yield* readPieces(hostPath(root, path));
    else yield* changedContent(root, { ...planned, ...change }, () => undefined);
  } catch (error) {
    throw readable(error, path);
  }
}

/** What the system says of a file that was read before is that it changed. */
function readable(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error;
  return staleFile(path, `it can't be read any more (${errorCode(error)})`);
}

/** @throws StalePlanError where a file has another digest than was said */
export function requireDigest(digest: string, said: string, path: string): void {
  if (digest !== said) throw staleFile(path, 'it was written to');
}

function staleFile(path: string, why: string): StalePlanError {
  return new StalePlanError(`${showBytes(path)} changed since the tree was scanned: ${why}; scan again`);
}

export function resized(path: string, hasGrown: boolean): StalePlanError {
  return new StalePlanError(
    `${showBytes(path)} changed while it was packed: it ${hasGrown ? 'grew' : 'shrank'}; stop what writes to it, or declare it volatile`,
  );
}
