/** Puts a tree together in its staging folder: by the manifest, never by what the archive says of itself. */
import { showBytes } from '../formats/byte-text.ts';
import { isSettledAtOnce } from '../formats/manifest-kinds.ts';
import type { OpenArchive } from '../io/archive-read.ts';
import { errorCode } from '../io/entries.ts';
import { DISAGREES } from '../io/entry-extractor.ts';
import { errorOf, type EntryTask, type FileFailure } from '../io/file-tasks.ts';
import type { FileThreads } from '../io/file-threads.ts';
import { FrameFeed } from '../io/frame-feed.ts';
import type { IndexSet } from '../formats/index-set.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import type { OwnerIds } from '../io/owners.ts';
import type { Node, Staging } from '../io/staging.ts';
import { writeAttributes } from '../io/xattrs.ts';
import { ArchiveError, RequirementError } from '../model/errors.ts';
import type { Attribute, FileEntry, ManifestEntry } from '../model/manifest-entry.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import type { Rendered, Rendering } from './install-render.ts';
import type { Pace } from './pace.ts';

const ROOT: TreePath = asTreePath('');

/**
 * All folders, only their owner's until the end.
 * @throws ArchiveError where two names are one on this file system
 */
export async function makeFolders(manifest: ManifestStore, staging: Staging, pace: Pace): Promise<void> {
  staging.makeFolder(OWN_PATHS.folder);
  for (const { path } of manifest.entriesOf('directory')) {
    makeFolder(staging, path);
    await pace.rest();
  }
}

/**
 * Nodes and files, each new: nothing is ever written over or through something else. `reused` are there already. Files are filled in on the way where that
 * can be; those that nothing more is done to get their modes and times, too.
 * @throws ArchiveError where the archive is not what its manifest says, or two of its names are one on this file system
 */
export async function extractFiles(
  archive: OpenArchive,
  staging: Staging,
  threads: FileThreads,
  rendering: Rendering,
  reused: IndexSet,
  pace: Pace,
): Promise<Rendered> {
  const feed = new FrameFeed(threads, archive.file, archive.begin);
  let filled: Rendered;
  try {
    let index = 0;
    for (const entry of archive.manifest.entries()) {
      const isWritten = !reused.has(index++) && entry.type === 'file';
      await feed.add({ entry, file: isWritten ? taskFor(entry, rendering) : null });
      if (feed.failure !== null) break;
      await pace.step(entry.type === 'file' ? entry.size : 0);
    }
    filled = await feed.finish();
  } finally {
    await feed.settle();
  }
  if (feed.failure !== null) throw await explainedFailure(feed.failure, archive);
  const complaint = await staging.makeNodes([...archive.manifest.entriesOf('node')].flatMap(nodeOf));
  if (complaint !== null) throw new RequirementError(`FIFOs or devices can't be made here: ${complaint}`);
  return filled;
}

/** Of all that is wrong with an archive, what comes first in it is told; what is wrong between its files the strict reader knows. */
async function explainedFailure(failure: FileFailure, archive: OpenArchive): Promise<unknown> {
  if (failure.rule === DISAGREES) for await (const _ of archive.entries()) continue;
  return explained(errorOf(failure), failure.path ?? ROOT);
}

function makeFolder(staging: Staging, path: TreePath): void {
  try {
    staging.makeFolder(path);
  } catch (error) {
    throw explained(error, path);
  }
}

function taskFor(entry: FileEntry, rendering: Rendering): NonNullable<EntryTask['file']> {
  const { mode, mtime } = entry;
  return {
    attributes: isSettledAtOnce(entry) ? { mode, mtime } : null,
    filling: rendering.fillingOf(entry),
  };
}

/** Other names of files; made when the files have their last bytes. Then symlinks, so that nothing can go through them. */
export function extractLinks(
  manifest: ManifestStore,
  staging: Staging,
  targetOf: (path: TreePath, target: string) => string,
): void {
  for (const { path, target } of manifest.entriesOf('hard-link')) staging.makeHardLink(path, target);
  for (const { path, target } of manifest.entriesOf('symlink'))
    try {
      staging.makeSymlink(path, targetOf(path, target));
    } catch (error) {
      throw explained(error, path);
    }
}

function explained(error: unknown, path: TreePath): unknown {
  const code = errorCode(error);
  if (code === 'EEXIST')
    return new ArchiveError(
      'path-collision',
      `'${showBytes(path)}' and another name of the archive are one on this file system (case, or Unicode forms)`,
    );
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new RequirementError('the file system is full; nothing was installed');
  return error;
}

function nodeOf(entry: ManifestEntry): Node[] {
  if (entry.type === 'fifo') return [{ path: entry.path, device: null }];
  if (entry.type === 'character-device') return [{ path: entry.path, device: ['c', entry.major, entry.minor] }];
  return entry.type === 'block-device' ? [{ path: entry.path, device: ['b', entry.major, entry.minor] }] : [];
}

/**
 * Owners and extended attributes, in this order: a change of owner clears capabilities.
 * @returns what could not be set
 */
export async function applyOwnership(manifest: ManifestStore, staging: Staging, owners: OwnerIds): Promise<string[]> {
  const attributes = new Map<TreePath, readonly Attribute[]>();
  const { xattrs } = manifest.head.root;
  if (xattrs !== undefined) attributes.set(ROOT, xattrs);
  for (const entry of manifest.entriesOf('owned')) {
    const ids = entry.type === 'hard-link' ? null : owners.idsOf(entry);
    if (ids !== null) staging.setOwner(entry.path, ids.uid, ids.gid);
    if (entry.xattrs !== undefined) attributes.set(entry.path, entry.xattrs);
  }
  return writeAttributes(staging.path, attributes);
}

/** Modes and times, when nothing is written or read any more; of folders last, the deepest first. */
export function applyModes(manifest: ManifestStore, staging: Staging): void {
  for (const kind of ['unsettled', 'symlink', 'node'] as const)
    for (const entry of manifest.entriesOf(kind)) setModeAndTime(entry, staging);
  for (const entry of manifest.entriesOf('directory', 'backward')) setModeAndTime(entry, staging);
}

function setModeAndTime(entry: ManifestEntry, staging: Staging): void {
  if (entry.type === 'hard-link') return;
  if ('mode' in entry) staging.setMode(entry.path, entry.mode);
  staging.setTime(entry.path, entry.mtime);
}
