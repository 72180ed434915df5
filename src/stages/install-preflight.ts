/** What must hold before an install writes anything: the archive fits this host and its destination. */
import { LONGEST_PATH } from '../formats/archive-paths.ts';
import { encodeBytes, encodedLength, showBytes } from '../formats/byte-text.ts';
import type { InstallPlace } from '../io/install-place.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import { roomAt } from '../io/room.ts';
import { RequirementError } from '../model/errors.ts';
import type { ManifestHead } from '../model/manifest.ts';
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
export async function preflight(
  manifest: ManifestStore,
  place: InstallPlace,
  options: PreflightOptions,
): Promise<string[]> {
  const warnings = await requireHost(manifest.head, options.ignoreRequirements);
  if (!options.allowSpecial) requireOrdinary(manifest);
  requireShortPaths(manifest, place);
  requireSites(manifest, { place: place.path, slots: options.via ?? place.path });
  requireRoom(manifest, place);
  return warnings;
}

/** @returns sentences about what is missing and may not matter; what does, too, where that is to be ignored */
async function requireHost(manifest: Pick<ManifestHead, 'requirements'>, ignores: boolean): Promise<string[]> {
  const { obstacles, warnings } = await checkHost(manifest);
  const [obstacle] = obstacles;
  if (obstacle === undefined || ignores) return [...obstacles, ...warnings];
  throw new RequirementError(
    `${obstacles.join('; ')}; install it on a host that fits, build it for this one, or install it all the same with --ignore-requirements`,
  );
}

function requireOrdinary(manifest: ManifestStore): void {
  const special = manifest.kinds.of('special');
  if (special.length === 0) return;
  const names = special.slice(0, NAMED).map((place) => showBytes(manifest.entryAt(place).path));
  const named = special.length <= NAMED ? names.join(', ') : `${names.join(', ')} and ${special.length - NAMED} more`;
  throw new RequirementError(
    `the archive holds setuid or setgid programs, capabilities or devices (${named}); --allow-special installs them as they are`,
  );
}

function requireShortPaths(manifest: ManifestStore, { path }: InstallPlace): void {
  const room = LONGEST_PATH - encodeBytes(path).length - 1;
  if (manifest.kinds.longestPath <= room) return;
  const long = find(manifest.entries(), (entry) => encodedLength(entry.path) > room);
  if (long !== undefined)
    throw new RequirementError(
      `with ${showBytes(path)} before it, the path of '${showBytes(long.path.slice(0, 60))}…' is longer than the system takes; choose a shorter place`,
    );
}

function find<T>(all: Iterable<T>, isMeant: (each: T) => boolean): T | undefined {
  for (const each of all) if (isMeant(each)) return each;
  return undefined;
}

function requireRoom(manifest: ManifestStore, { parent }: InstallPlace): void {
  const room = roomAt(parent);
  const { entries } = manifest.head.totals;
  const needed = manifest.kinds.bytes + entries * OVERHEAD;
  if (needed > room.bytes)
    throw new RequirementError(
      `the tree needs about ${kilobytes(needed, 'ceil')}, and ${showBytes(parent)} has room for ${kilobytes(room.bytes, 'floor')}`,
    );
  if (room.inodes !== null && entries > room.inodes)
    throw new RequirementError(
      `the tree has ${entries} files and folders, and ${showBytes(parent)} has room for ${room.inodes}`,
    );
}

/** The need rounded up and the room down, so that they differ where the tree does not fit. */
function kilobytes(bytes: number, round: 'ceil' | 'floor'): string {
  return bytes < 1e7 ? `${Math[round](bytes / 1e3)} kB` : `${Math[round](bytes / 1e6)} MB`;
}
