/** The new bytes of a file: read, checked against the plan, and edited on the way, in chunks; a file of any size takes little memory. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { createHash, type Hash } from 'node:crypto';
import { showBytes } from '../formats/byte-text.ts';
import { contentSplices, type ContentChange, type NewContentOf } from '../formats/follows.ts';
import { renewSeals } from '../formats/seals.ts';
import { spliceChunks } from '../formats/splices.ts';
import { StalePlanError } from '../model/errors.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import type { Seal } from '../model/seal.ts';
import { errorCode, openPath } from './entries.ts';

const CHUNK = 1024 * 1024;

/** A file of the tree, and what a plan wants of its bytes. Plain JSON. */
export interface PlannedFile {
  readonly file: TreePath;
  /** sha256, hex, that it must have. */
  readonly before: string;
  /** All of them, in order. */
  readonly splices: readonly Splice[];
  readonly seals: readonly Seal[];
}

/** A change of bytes with all that it writes: digests of other files are known by then. */
export function plannedFile(change: ContentChange, newContentOf: NewContentOf): PlannedFile {
  const { file, before, seals } = change;
  return { file, before, splices: contentSplices(change, newContentOf), seals };
}

/**
 * The bytes of a file after its change, chunk by chunk; the tree is only read. A chunk is valid until the next is asked for.
 * `formats/splices.ts: splicedSize(size, contentSplices(change, …))` tells the size beforehand.
 * @throws StalePlanError, at the latest behind the last chunk, where the file is not what the plan was made for: what was yielded is void
 * @throws RangeError where the edits do not fit into the file
 */
export function* changedContent(
  tree: AbsolutePath,
  change: ContentChange,
  newContentOf: NewContentOf,
): Generator<Buffer, void, void> {
  const planned = plannedFile(change, newContentOf);
  const descriptor = openPlanned(tree, planned);
  try {
    const { size } = statPlanned(descriptor, planned);
    const buffer = Buffer.allocUnsafe(Math.min(size + 1, CHUNK));
    yield* editedChunks(plannedChunks(descriptor, planned, createHash('sha256'), buffer), planned);
  } finally {
    closeSync(descriptor);
  }
}

/** @throws StalePlanError where the file is gone */
export function openPlanned(tree: AbsolutePath, planned: PlannedFile): number {
  try {
    return openSync(openPath(tree, planned.file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')
      throw stale(planned, `it is not there any more (${code})`);
    throw error;
  }
}

/** @throws StalePlanError where it is no file */
export function statPlanned(descriptor: number, planned: PlannedFile): Stats {
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) throw stale(planned, 'it is no regular file any more');
  return stat;
}

/**
 * The bytes that are there now, added to a digest before they are handed out, and an error behind them where they are not those of the plan.
 * One chunk ends at the offset `cut`.
 */
export function* plannedChunks(
  descriptor: number,
  planned: PlannedFile,
  digest: Hash,
  buffer: Buffer,
  cut: number = Infinity,
): Generator<Buffer, void, void> {
  for (let base = 0; ;) {
    const room = base < cut ? Math.min(buffer.length, cut - base) : buffer.length;
    const got = readSync(descriptor, buffer, 0, room, null);
    if (got === 0) break;
    const chunk = buffer.subarray(0, got);
    digest.update(chunk);
    yield chunk;
    base += got;
  }
  requirePlanned(digest.digest('hex'), planned);
}

/** @throws StalePlanError where bytes with this digest are not those of the plan */
export function requirePlanned(digest: string, planned: PlannedFile): void {
  if (digest !== planned.before) throw stale(planned, 'it was written to');
}

/** @throws RangeError where the edits do not fit into the chunks */
export function editedChunks(chunks: Iterable<Buffer>, { splices, seals }: PlannedFile): Iterable<Buffer> {
  const edited = spliceChunks(chunks, splices);
  return seals.length === 0 ? edited : renewSeals(edited, seals);
}

function stale({ file }: PlannedFile, why: string): StalePlanError {
  return new StalePlanError(`${showBytes(file)} changed since the tree was scanned: ${why}; scan again`);
}
