/** What a manifest must keep to, beyond its shape, before anything of an archive is believed. Each refusal has its own name. */
import { ArchiveError } from '../model/errors.ts';
import type { FileEntry, HardLinkEntry, ManifestEntry } from '../model/manifest-entry.ts';
import { OWN_PATHS, type Manifest, type ManifestHead } from '../model/manifest.ts';
import { dirName, type TreePath } from '../model/path.ts';
import { linkLeads, requireForeignPath, requireLinkTarget } from './archive-paths.ts';
import { compareBytes, showBytes } from './byte-text.ts';
import { requireRows, requireSeals, requireSites, requireValues } from './manifest-sites.ts';

/** Entries of a manifest by their path. */
export type EntryIndex = ReadonlyMap<TreePath, ManifestEntry>;

/**
 * Checks a manifest of the right shape. Afterwards every entry has its own path, stands in a folder that comes before it, and no
 * path leads through a link; hard links name a file before them.
 * @throws ArchiveError with the rule that is broken
 */
export function checkManifest(manifest: Manifest): EntryIndex {
  const check = new ManifestCheck(() => true);
  for (const entry of manifest.entries) check.add(entry);
  return check.end(manifest);
}

/** The same checks, entry by entry; of the entries it keeps those that others name, which the caller has to know. */
export class ManifestCheck {
  readonly #isNamed: (path: TreePath) => boolean;
  readonly #index = new Map<TreePath, ManifestEntry>();
  /** What the next path may stand in: each begins with the one before it. */
  readonly #above: ManifestEntry[] = [];
  readonly #withRows: FileEntry[] = [];
  readonly #totals = { entries: 0, files: 0, bytes: 0 };
  #before: TreePath | null = null;

  constructor(isNamed: (path: TreePath) => boolean) {
    this.#isNamed = isNamed;
  }

  add(entry: ManifestEntry): void {
    const { path } = entry;
    requireForeignPath(path);
    requireOrder(this.#before, path);
    this.#requireFolder(path);
    if (entry.type === 'symlink') requireSymlink(path, entry.target, entry.leads);
    if (entry.type === 'hard-link') requireHardLink(entry, this.#index);
    this.#totals.entries++;
    if (entry.type === 'file') {
      requireSites(entry);
      requireSeals(entry);
      this.#totals.files++;
      this.#totals.bytes += entry.size;
      if (entry.rows !== undefined) this.#withRows.push(entry);
    }
    if (this.#isNamed(path)) this.#index.set(path, entry);
    this.#above.push(entry);
    this.#before = path;
  }

  /** What can be checked when all entries are known. Gives the entries that were kept. */
  end(head: ManifestHead): EntryIndex {
    for (const entry of this.#withRows) requireRows(entry, this.#index);
    const { entries, files, bytes } = head.totals;
    if (entries !== this.#totals.entries || files !== this.#totals.files || bytes !== this.#totals.bytes)
      throw new ArchiveError('manifest-totals', 'the totals of the manifest are not those of its entries');
    requireOwn(head);
    for (const interpreter of head.requirements.interpreters) requireValues(interpreter, this.#index);
    return this.#index;
  }

  #requireFolder(path: TreePath): void {
    for (let above = this.#above.at(-1); above !== undefined && !mayHold(above.path, path); above = this.#above.at(-1))
      this.#above.pop();
    const folder = dirName(path);
    if (folder !== '') requireDirectory(path, this.#above.findLast((above) => above.path === folder)?.type);
  }
}

/** Whether what comes at a path or behind it may stand in a folder: in byte order that is a path of it, or one before all of its own. */
function mayHold(folder: TreePath, path: TreePath): boolean {
  return path.startsWith(folder) && path.charCodeAt(folder.length) <= SLASH;
}

const SLASH = 0x2f;

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

/** `type`: what the entry above is; undefined where there is none. */
function requireDirectory(path: TreePath, type: ManifestEntry['type'] | undefined): void {
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

function requireOwn({ own }: ManifestHead): void {
  const paths = own.map(({ path }) => path);
  if (paths.join('\0') !== [OWN_PATHS.installScript, OWN_PATHS.renderList].join('\0'))
    throw new ArchiveError('manifest-own', 'the manifest does not list install.sh and render.list in this order');
}
