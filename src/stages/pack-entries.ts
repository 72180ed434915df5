/** Turns what the walk saw into what a manifest lists: one verdict for every path. */
import { linkLeads } from '../formats/archive-paths.ts';
import type { OwnerNames } from '../io/owners.ts';
import type { AttributesOf } from '../io/xattrs.ts';
import type { Entry, ScannedEntry } from '../model/entry.ts';
import type { FileEntry, ManifestEntry, Ownership } from '../model/manifest-entry.ts';
import type { LeftOut } from '../model/manifest.ts';
import type { TreePath } from '../model/path.ts';
import type { FileReader, PackedFile } from './packed-files.ts';

export interface EntryOptions {
  /** Null where every owner becomes 0:0. */
  readonly owners: OwnerNames | null;
  readonly attributes: AttributesOf | null;
  /** Later times become this one, in nanoseconds; null where times stay. */
  readonly latest: bigint | null;
}

/** An entry while it is put together: spread, each would have a layout of its own, which takes more memory than the entry. */
type Growing<T> = { -readonly [Key in keyof T]: T[Key] };

/** Holes of less than this are not worth a note. */
const LEAST_HOLE = 64 * 1024;

/** What is known of paths besides what the walk saw. */
export interface ListingParts {
  readonly fileOf: FileReader;
  /** What the plan leaves out, with the reason. */
  readonly removed: ReadonlyMap<TreePath, string>;
  /** New targets of symlinks. */
  readonly targets: ReadonlyMap<TreePath, string>;
  /** Volatile files that went away. */
  readonly vanished: ReadonlySet<TreePath>;
}

/** An entry of the manifest; of a file with its contents. */
export interface Listed {
  readonly entry: ManifestEntry;
  readonly file: PackedFile | null;
}

/** Lists the entries, one by one. */
export function* listEntries(
  entries: Iterable<ScannedEntry>,
  parts: ListingParts,
  options: EntryOptions,
  onLeftOut: (leftOut: LeftOut) => void,
): Generator<Listed, void, void> {
  const firstNames = new Map<string, TreePath>();
  for (const seen of entries) {
    const reason = parts.removed.get(seen.path);
    if (reason !== undefined) onLeftOut({ path: seen.path, why: 'removed', by: reason });
    else if (seen.type === 'socket')
      onLeftOut({ path: seen.path, why: 'skipped', by: 'a socket lives only as long as its server' });
    else if (parts.vanished.has(seen.path))
      onLeftOut({ path: seen.path, why: 'skipped', by: 'it went away while the tree was packed' });
    else yield listed(seen, parts, firstNames, options);
  }
}

function listed(
  seen: ScannedEntry,
  { fileOf, targets }: ListingParts,
  firstNames: Map<string, TreePath>,
  options: EntryOptions,
): Listed {
  const { path, mode } = seen;
  const base = withOwnership({ path, mtime: clamped(seen.mtime, options.latest) }, seen, options);
  switch (seen.type) {
    case 'directory':
    case 'fifo':
      return { entry: { ...base, type: seen.type, mode }, file: null };
    case 'symlink': {
      const target = targets.get(path) ?? seen.target ?? '';
      return { entry: { ...base, type: 'symlink', target, leads: linkLeads(path, target) }, file: null };
    }
    case 'character-device':
    case 'block-device':
      return { entry: { ...base, type: seen.type, mode, ...deviceNumber(BigInt(seen.rdev ?? 0)) }, file: null };
    default:
      return fileOrLink(seen, base, fileOf, firstNames);
  }
}

type Base = Ownership & { readonly path: TreePath; readonly mtime: string };

function fileOrLink(seen: ScannedEntry, base: Base, fileOf: FileReader, firstNames: Map<string, TreePath>): Listed {
  const inode = seen.links > 1 ? `${seen.device}:${seen.inode}` : null;
  const first = inode === null ? undefined : firstNames.get(inode);
  if (first !== undefined) {
    const { path, mtime, owner } = base;
    const owned = owner === undefined ? {} : { owner };
    return { entry: { path, mtime, ...owned, type: 'hard-link', target: first }, file: null };
  }
  if (inode !== null) firstNames.set(inode, seen.path);
  const file = fileOf(seen.path, seen.size, seen.digest ?? '');
  const { size, sha256, sites, rows, seals, remains } = file;
  const { path, mtime, owner, xattrs } = base;
  // in the order of canonical JSON, which nearly all are as they stand here
  const entry: Growing<FileEntry> = { mode: seen.mode, mtime, path, sha256, size, type: 'file' };
  if (owner !== undefined) entry.owner = owner;
  if (xattrs !== undefined) entry.xattrs = xattrs;
  if (seen.size - seen.blocks * 512 >= LEAST_HOLE) entry.sparse = true;
  if (remains > 0) entry.remains = remains;
  if (sites.length > 0) entry.sites = sites;
  if (seals.length > 0) entry.seals = seals;
  if (rows.length > 0) entry.rows = rows;
  return { entry, file };
}

/** Adds the entry's owner where it is kept, and its extended attributes. */
export function withOwnership<T extends object>(
  what: T,
  { path, uid, gid }: Pick<Entry, 'path' | 'uid' | 'gid'>,
  { owners, attributes }: EntryOptions,
): T & Ownership {
  const owned: T & Growing<Ownership> = what;
  const xattrs = attributes?.get(path);
  if (owners !== null) owned.owner = { uid, gid, user: owners.user(uid), group: owners.group(gid) };
  if (xattrs !== undefined) owned.xattrs = xattrs;
  return owned;
}

function clamped(mtime: string, latest: bigint | null): string {
  return latest !== null && BigInt(mtime) > latest ? latest.toString() : mtime;
}

/** The kernel's packing of a device number (Linux, include/linux/kdev_t.h, new_encode_dev and its 64-bit form in glibc). */
function deviceNumber(rdev: bigint): { readonly major: number; readonly minor: number } {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
