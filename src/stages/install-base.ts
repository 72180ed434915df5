/** Files of a release that is installed already, for one that comes: what is the same need not be written again. */
import { showBytes } from '../formats/byte-text.ts';
import { FileBatches } from '../io/file-batches.ts';
import type { CopyTask } from '../io/file-tasks.ts';
import type { FileThreads } from '../io/file-threads.ts';
import { readInstalledManifest, readRenderedDigests } from '../io/install-records.ts';
import { UsageError } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import { joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import { isSettledAtOnce } from './install-extract.ts';
import type { Rendering } from './install-render.ts';
import type { Pace } from './pace.ts';
import { findTree } from './tree.ts';

export interface BaseRelease {
  readonly root: AbsolutePath;
  /** A path for every digest that a file of it should have. */
  readonly byDigest: ReadonlyMap<string, TreePath>;
}

/**
 * Reads what an installed release should hold; whether it does is seen file by file.
 * @throws UsageError where there is none
 */
export function readBase(path: string): BaseRelease {
  const { real } = findTree(path);
  const manifest = readInstalledManifest(real);
  if (manifest === null)
    throw new UsageError(
      `${showBytes(real)} was not installed by relocate, so nothing of it can be used again; install without --base`,
    );
  const rendered = readRenderedDigests(real);
  const byDigest = new Map<string, TreePath>();
  for (const entry of manifest.entries)
    if (entry.type === 'file') byDigest.set(rendered.get(entry.path) ?? entry.sha256, entry.path);
  return { root: real, byDigest };
}

/**
 * Copies what is the same: files that stay as the archive has them, whose folders are there.
 * @returns those that were copied; all others are to be written from the archive
 */
export async function reuseFiles(
  { root, byDigest }: BaseRelease,
  manifest: Manifest,
  threads: FileThreads,
  rendering: Rendering,
  pace: Pace,
): Promise<ReadonlySet<TreePath>> {
  const reused = new Set<TreePath>();
  const batches = new FileBatches<CopyTask>(
    threads,
    (tasks) => ({ kind: 'copy', tasks }),
    ({ copied }) => copied.forEach((path) => reused.add(path)),
  );
  for (const entry of manifest.entries) {
    if (entry.type !== 'file' || rendering.isFilledIn(entry) || !isSettledAtOnce(entry, rendering)) continue;
    const { path, size, sha256, mode, mtime } = entry;
    const there = byDigest.get(sha256);
    if (there === undefined || size === 0 || entry.sparse === true) continue;
    await batches.add({ path, from: joinAbsolute(root, there), size, sha256, attributes: { mode, mtime } }, size);
    await pace.rest();
  }
  await batches.settle();
  return reused;
}
