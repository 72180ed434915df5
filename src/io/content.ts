/** The new bytes of a file: read, checked against the plan, and edited on the way, in chunks; a file of any size takes little memory. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { showBytes } from '../formats/byte-text.ts';
import { contentSplices, type ContentChange, type NewContentOf } from '../formats/follows.ts';
import { renewSeals } from '../formats/seals.ts';
import { spliceChunks } from '../formats/splices.ts';
import { StalePlanError } from '../model/errors.ts';
import type { AbsolutePath } from '../model/path.ts';
import { errorCode, hostPath } from './entries.ts';

const CHUNK = 1024 * 1024;

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
  const edited = spliceChunks(plannedChunks(tree, change), contentSplices(change, newContentOf));
  yield* renewSeals(edited, change.seals);
}

/** The bytes that are there now, and an error behind them where they are not those of the plan. */
function* plannedChunks(tree: AbsolutePath, change: ContentChange): Generator<Buffer, void, void> {
  const file = openPlanned(tree, change);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw stale(change, 'it is no regular file any more');
    const buffer = Buffer.allocUnsafe(Math.min(stat.size + 1, CHUNK));
    const digest = createHash('sha256');
    for (let got = readSync(file, buffer); got > 0; got = readSync(file, buffer)) {
      const chunk = buffer.subarray(0, got);
      digest.update(chunk);
      yield chunk;
    }
    if (digest.digest('hex') !== change.before) throw stale(change, 'it was written to');
  } finally {
    closeSync(file);
  }
}

function openPlanned(tree: AbsolutePath, change: ContentChange): number {
  try {
    return openSync(hostPath(tree, change.file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')
      throw stale(change, `it is not there any more (${code})`);
    throw error;
  }
}

function stale({ file }: ContentChange, why: string): StalePlanError {
  return new StalePlanError(`${showBytes(file)} changed since the tree was scanned: ${why}; scan again`);
}
