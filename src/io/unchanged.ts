/** The bytes of a file that must be what the scan saw. */
import { createHash } from 'node:crypto';
import { showBytes } from '../formats/byte-text.ts';
import { StalePlanError } from '../model/errors.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { errorCode, hostPath } from './entries.ts';
import { readPieces } from './pieces.ts';

/**
 * A file's bytes, piece by piece, each valid until the next is asked for.
 * @throws StalePlanError, at the latest behind the last piece, where they do not have the sha256 (hex)
 */
export function* unchangedContent(tree: AbsolutePath, path: TreePath, sha256: string): Generator<Buffer, void, void> {
  const digest = createHash('sha256');
  try {
    for (const piece of readPieces(hostPath(tree, path))) {
      digest.update(piece);
      yield piece;
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw stale(path, `it can't be read any more (${errorCode(error)})`);
  }
  if (digest.digest('hex') !== sha256) throw stale(path, 'it was written to');
}

function stale(path: TreePath, why: string): StalePlanError {
  return new StalePlanError(`${showBytes(path)} changed since the tree was scanned: ${why}; scan again`);
}
