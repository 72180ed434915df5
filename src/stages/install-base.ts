/** Files of a release that is installed already, for one that comes: what is the same need not be written again. */
import { showBytes } from '../formats/byte-text.ts';
import { DigestTable } from '../formats/digest-table.ts';
import { IndexSet } from '../formats/index-set.ts';
import { isSettledAtOnce } from '../formats/manifest-kinds.ts';
import { FileBatches } from '../io/file-batches.ts';
import type { CopyTask } from '../io/file-tasks.ts';
import type { FileThreads } from '../io/file-threads.ts';
import { readInstalledManifest, readRenderedDigests } from '../io/install-records.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import { UsageError } from '../model/errors.ts';
import { joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Rendering } from './install-render.ts';
import type { Pace } from './pace.ts';
import { findTree } from './tree.ts';

export interface BaseRelease {
  readonly root: AbsolutePath;
  /** The path of a file that should have a digest. */
  pathOf(digest: string): TreePath | undefined;
  close(): void;
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
  const table = new DigestTable();
  for (const { entry, at } of manifest.places())
    if (entry.type === 'file') table.set(rendered.get(entry.path) ?? entry.sha256, at);
  return {
    root: real,
    pathOf(digest) {
      const at = table.get(digest);
      const entry = at === undefined ? undefined : manifest.entryAt(at);
      if (entry?.type !== 'file') return undefined;
      return (rendered.get(entry.path) ?? entry.sha256) === digest ? entry.path : undefined;
    },
    close: () => manifest.close(),
  };
}

/** A file that may be copied, and which entry of the manifest it is. */
interface Candidate extends CopyTask {
  readonly index: number;
}

/**
 * Copies what is the same: files that stay as the archive has them, whose folders are there.
 * @returns which entries were copied; all others are to be written from the archive
 */
export async function reuseFiles(
  base: BaseRelease,
  manifest: ManifestStore,
  threads: FileThreads,
  rendering: Rendering,
  pace: Pace,
): Promise<IndexSet> {
  const reused = new IndexSet();
  const batches = new FileBatches<Candidate>(
    threads,
    (tasks) => ({ kind: 'copy', tasks }),
    ({ copied }, tasks) => {
      const paths = new Set(copied);
      for (const { path, index } of tasks) if (paths.has(path)) reused.add(index);
    },
  );
  let index = -1;
  for (const entry of manifest.entries()) {
    index++;
    if (entry.type !== 'file' || rendering.isFilledIn(entry) || !isSettledAtOnce(entry)) continue;
    const { path, size, sha256, mode, mtime } = entry;
    const there = size === 0 || entry.sparse === true ? undefined : base.pathOf(sha256);
    if (there === undefined) continue;
    const attributes = { mode, mtime };
    await batches.add({ index, path, from: joinAbsolute(base.root, there), size, sha256, attributes }, size);
    await pace.rest();
  }
  await batches.settle();
  return reused;
}
