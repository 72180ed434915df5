/** What a manifest must keep to, beyond its shape, before anything of an archive is believed. Each refusal has its own name. */
import { ArchiveError } from '../model/errors.ts';
import { OWN_PATHS, type FileEntry, type HardLinkEntry, type Manifest, type ManifestEntry } from '../model/manifest.ts';
import { dirName, type TreePath } from '../model/path.ts';
import { linkLeads, requireForeignPath, requireLinkTarget } from './archive-paths.ts';
import { compareBytes, showBytes } from './byte-text.ts';
import { requireRows, requireSeals, requireSites, requireValues } from './manifest-sites.ts';

/** The entries of a manifest by their path. */
export type EntryIndex = ReadonlyMap<TreePath, ManifestEntry>;

/**
 * Checks a manifest of the right shape. Afterwards every entry has its own path, stands in a folder that comes before it, and no
 * path leads through a link; hard links name a file before them.
 * @throws ArchiveError with the rule that is broken
 */
export function checkManifest(manifest: Manifest): EntryIndex {
  const index = new Map<TreePath, ManifestEntry>();
  let before: TreePath | null = null;
  for (const entry of manifest.entries) {
    requireForeignPath(entry.path);
    requireOrder(before, entry.path);
    requireFolder(entry.path, index);
    if (entry.type === 'symlink') requireSymlink(entry.path, entry.target, entry.leads);
    if (entry.type === 'hard-link') requireHardLink(entry, index);
    if (entry.type === 'file') {
      requireSites(entry);
      requireSeals(entry);
    }
    index.set(entry.path, entry);
    before = entry.path;
  }
  for (const entry of manifest.entries) if (entry.type === 'file') requireRows(entry, index);
  requireTotals(manifest);
  requireOwn(manifest);
  for (const interpreter of manifest.requirements.interpreters) requireValues(interpreter, index);
  return index;
}

function requireOrder(before: TreePath | null, path: TreePath): void {
  if (before === null) return;
  const order = compareBytes(before, path);
  if (order === 0) throw new ArchiveError('path-twice', `the archive holds '${showBytes(path)}' twice`);
  if (order > 0)
    throw new ArchiveError(
      'path-order',
      `'${showBytes(path)}' comes after '${showBytes(before)}': the entries are not in byte order`,
    );
}

function requireFolder(path: TreePath, index: EntryIndex): void {
  const folder = dirName(path);
  if (folder === '') return;
  const type = index.get(folder)?.type;
  if (type === 'directory') return;
  if (type === undefined)
    throw new ArchiveError(
      'folder-missing',
      `'${showBytes(path)}' stands in a folder that the archive does not hold before it`,
    );
  throw new ArchiveError(
    type === 'symlink' ? 'path-through-link' : 'path-through-file',
    `'${showBytes(path)}' leads through a ${type}`,
  );
}

function requireSymlink(path: TreePath, target: string, leads: 'inside' | 'outside'): void {
  requireLinkTarget(path, target);
  if (linkLeads(path, target) !== leads)
    throw new ArchiveError(
      'link-class',
      `the manifest says that '${showBytes(path)}' leads ${leads} the tree, and it does not`,
    );
}

function requireHardLink(entry: HardLinkEntry, index: EntryIndex): void {
  const refuse = (rule: string, why: string): never => {
    throw new ArchiveError(rule, `the hard link '${showBytes(entry.path)}' ${why}: '${showBytes(entry.target)}'`);
  };
  if (entry.target === entry.path) refuse('hard-link-to-itself', 'names itself');
  const target = index.get(entry.target);
  if (target === undefined) return refuse('hard-link-target', 'names no file that comes before it');
  if (target.type !== 'file') refuse('hard-link-to-other', `names a ${target.type}`);
}

function requireTotals(manifest: Manifest): void {
  const files = manifest.entries.filter((entry): entry is FileEntry => entry.type === 'file');
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const { totals } = manifest;
  if (totals.entries !== manifest.entries.length || totals.files !== files.length || totals.bytes !== bytes)
    throw new ArchiveError('manifest-totals', 'the totals of the manifest are not those of its entries');
}

function requireOwn(manifest: Manifest): void {
  const paths = manifest.own.map(({ path }) => path);
  if (paths.join('\0') !== [OWN_PATHS.installScript, OWN_PATHS.renderList].join('\0'))
    throw new ArchiveError('manifest-own', 'the manifest does not list install.sh and render.list in this order');
}
