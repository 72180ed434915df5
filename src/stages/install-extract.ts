/** Puts a tree together in its staging folder: by the manifest, never by what the archive says of itself. */
import { showBytes } from '../formats/byte-text.ts';
import type { OpenArchive } from '../io/archive-read.ts';
import { errorCode } from '../io/entries.ts';
import type { OwnerIds } from '../io/owners.ts';
import type { Node, Staging } from '../io/staging.ts';
import { writeAttributes } from '../io/xattrs.ts';
import { ArchiveError, RequirementError } from '../model/errors.ts';
import { OWN_PATHS, type Attribute, type Manifest, type ManifestEntry } from '../model/manifest.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import type { Pace } from './pace.ts';

const ROOT: TreePath = asTreePath('');

/**
 * Folders, nodes and files, each new: nothing is ever written over or through something else. Modes and owners come later.
 * @throws ArchiveError where the archive is not what its manifest says, or two of its names are one on this file system
 */
export async function extractFiles(archive: OpenArchive, staging: Staging, pace: Pace): Promise<void> {
  staging.makeFolder(OWN_PATHS.folder);
  for await (const { entry, pieces } of archive.entries()) {
    try {
      if (entry.type === 'directory') staging.makeFolder(entry.path);
      if (entry.type === 'file') await staging.writeFile(entry.path, pieces, entry.sparse === true);
    } catch (error) {
      throw explained(error, entry.path);
    }
    await pace.step(entry.type === 'file' ? entry.size : 0);
  }
  const nodes = archive.manifest.entries.flatMap(nodeOf);
  const complaint = await staging.makeNodes(nodes);
  if (complaint !== null) throw new RequirementError(`FIFOs or devices can't be made here: ${complaint}`);
}

/** Other names of files; made when the files have their last bytes. Then symlinks, so that nothing can go through them. */
export function extractLinks(
  manifest: Manifest,
  staging: Staging,
  targetOf: (path: TreePath, target: string) => string,
): void {
  for (const entry of manifest.entries) if (entry.type === 'hard-link') staging.makeHardLink(entry.path, entry.target);
  for (const entry of manifest.entries)
    if (entry.type === 'symlink')
      try {
        staging.makeSymlink(entry.path, targetOf(entry.path, entry.target));
      } catch (error) {
        throw explained(error, entry.path);
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
export async function applyOwnership(manifest: Manifest, staging: Staging, owners: OwnerIds): Promise<string[]> {
  const attributes = new Map<TreePath, readonly Attribute[]>();
  if (manifest.root.xattrs !== undefined) attributes.set(ROOT, manifest.root.xattrs);
  for (const entry of manifest.entries) {
    const ids = entry.type === 'hard-link' ? null : owners.idsOf(entry);
    if (ids !== null) staging.setOwner(entry.path, ids.uid, ids.gid);
    if (entry.xattrs !== undefined) attributes.set(entry.path, entry.xattrs);
  }
  return writeAttributes(staging.path, attributes);
}

/** Modes and times, when nothing is written or read any more; of folders last, the deepest first. */
export function applyModes(manifest: Manifest, staging: Staging): void {
  for (const entry of manifest.entries) if (entry.type !== 'directory') setModeAndTime(entry, staging);
  for (const entry of manifest.entries.toReversed()) if (entry.type === 'directory') setModeAndTime(entry, staging);
}

function setModeAndTime(entry: ManifestEntry, staging: Staging): void {
  if (entry.type === 'hard-link') return;
  if ('mode' in entry) staging.setMode(entry.path, entry.mode);
  staging.setTime(entry.path, entry.mtime);
}
