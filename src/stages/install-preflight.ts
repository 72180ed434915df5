/** What must hold before an install writes anything: the archive fits this host and its destination. */
import { LONGEST_PATH } from '../formats/archive-paths.ts';
import { encodeBytes, showBytes } from '../formats/byte-text.ts';
import type { InstallPlace } from '../io/install-place.ts';
import { roomAt } from '../io/room.ts';
import { RequirementError } from '../model/errors.ts';
import type { Manifest, ManifestEntry } from '../model/manifest.ts';
import type { AbsolutePath } from '../model/path.ts';
import { checkHost } from './install-host.ts';
import { requireSites } from './install-sites.ts';

/** Bytes that a file or folder takes besides its own: half a block of 4 KiB is lost on average, and its inode. */
const OVERHEAD = 4096;
const NAMED = 5;

export interface PreflightOptions {
  /** Install setuid and setgid programs, capabilities and device nodes as they are. */
  readonly allowSpecial: boolean;
  /** Install though the tree's programs can't run on this host: for another one. */
  readonly ignoreRequirements: boolean;
  /** The short link that fixed slots name; null where they name the place. */
  readonly via: AbsolutePath | null;
}

/**
 * @returns sentences about what is missing here and may not matter
 * @throws RequirementError where the host or the destination does not fit
 */
export async function preflight(manifest: Manifest, place: InstallPlace, options: PreflightOptions): Promise<string[]> {
  const warnings = await requireHost(manifest, options.ignoreRequirements);
  if (!options.allowSpecial) requireOrdinary(manifest);
  requireShortPaths(manifest, place);
  requireSites(manifest, { place: place.path, slots: options.via ?? place.path });
  requireRoom(manifest, place);
  return warnings;
}

/** @returns sentences about what is missing and may not matter; what does, too, where that is to be ignored */
async function requireHost(manifest: Manifest, ignores: boolean): Promise<string[]> {
  const { obstacles, warnings } = await checkHost(manifest);
  const [obstacle] = obstacles;
  if (obstacle === undefined || ignores) return [...obstacles, ...warnings];
  throw new RequirementError(
    `${obstacles.join('; ')}; install it on a host that fits, build it for this one, or install it all the same with --ignore-requirements`,
  );
}

/** What gives powers to who runs or opens it. */
export function isSpecial(entry: ManifestEntry): boolean {
  if (entry.type === 'character-device' || entry.type === 'block-device') return true;
  if (entry.xattrs?.some(({ name }) => name.startsWith('trusted.') || name.startsWith('security.')) === true)
    return true;
  return entry.type === 'file' && (entry.mode & 0o6000) !== 0;
}

function requireOrdinary(manifest: Manifest): void {
  const special = manifest.entries.filter(isSpecial).map(({ path }) => showBytes(path));
  if (special.length === 0) return;
  const named =
    special.length <= NAMED
      ? special.join(', ')
      : `${special.slice(0, NAMED).join(', ')} and ${special.length - NAMED} more`;
  throw new RequirementError(
    `the archive holds setuid or setgid programs, capabilities or devices (${named}); --allow-special installs them as they are`,
  );
}

function requireShortPaths(manifest: Manifest, { path }: InstallPlace): void {
  const room = LONGEST_PATH - encodeBytes(path).length - 1;
  const long = manifest.entries.find((entry) => entry.path.length * 3 > room && encodeBytes(entry.path).length > room);
  if (long !== undefined)
    throw new RequirementError(
      `with ${showBytes(path)} before it, the path of '${showBytes(long.path.slice(0, 60))}…' is longer than the system takes; choose a shorter place`,
    );
}

function requireRoom(manifest: Manifest, { parent }: InstallPlace): void {
  const room = roomAt(parent);
  const { entries } = manifest.totals;
  const needed = manifest.entries.reduce(
    (sum, entry) => sum + (entry.type === 'file' && entry.sparse === undefined ? entry.size : 0),
    entries * OVERHEAD,
  );
  if (needed > room.bytes)
    throw new RequirementError(
      `the tree needs about ${megabytes(needed)}, and ${showBytes(parent)} has room for ${megabytes(room.bytes)}`,
    );
  if (room.inodes !== null && entries > room.inodes)
    throw new RequirementError(
      `the tree has ${entries} files and folders, and ${showBytes(parent)} has room for ${room.inodes}`,
    );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
