/** Whether every path of a tree can be packed at all: asked before anything is written. */
import { showBytes } from '../formats/byte-text.ts';
import { StalePlanError, UsageError } from '../model/errors.ts';
import type { PackScan } from './pack-scan.ts';
import { selectPaths } from './selection.ts';

/** So many paths are named; the rest is counted. */
const NAMED = 5;

/**
 * @throws UsageError where a path can't be read and is not left out
 * @throws StalePlanError where a file changed while it was scanned and is not volatile
 */
export function requireReadable({ unread, changed }: PackScan, volatile: readonly string[]): void {
  if (unread.length > 0)
    throw new UsageError(
      `${listed(unread.map(({ path, code }) => (code === null ? showBytes(path) : `${showBytes(path)} (${code})`)))} can't be read, so the tree can't be packed whole; run as a user who may, or leave it out with --exclude`,
    );
  const isVolatile = selectPaths(volatile);
  const stale = changed.filter((path) => isVolatile(path) === null);
  if (stale.length > 0)
    throw new StalePlanError(
      `${listed(stale.map(showBytes))} changed while it was read; stop what writes to it, or declare it volatile`,
    );
}

function listed(paths: readonly string[]): string {
  const named = [...new Set(paths)];
  return named.length <= NAMED
    ? named.join(', ')
    : `${named.slice(0, NAMED).join(', ')} and ${named.length - NAMED} more`;
}
