/** install: one transaction. Killed anywhere, the old state or the new one is there. */
import { availableParallelism } from 'node:os';
import { encodeBytes, showBytes } from '../formats/byte-text.ts';
import { openArchive, type OpenArchive } from '../io/archive-read.ts';
import { installPlace, newStagingPath, settle, switchTo, whatIsAt, type InstallPlace } from '../io/install-place.ts';
import { readInstalledManifestDigest, readInstallReceipt } from '../io/install-records.ts';
import { withLock } from '../io/lock.ts';
import { absolutePath } from '../io/places.ts';
import { reasonOf } from '../io/reasons.ts';
import { removeTree } from '../io/remove-tree.ts';
import { Staging } from '../io/staging.ts';
import { readTreeMemory } from '../io/tree-memory.ts';
import { linkSwitch, NO_LINK, requireLink } from '../io/via-link.ts';
import { UsageError } from '../model/errors.ts';
import type { Installed, InstallReceipt, InstallRecovery } from '../model/install.ts';
import type { AbsolutePath } from '../model/path.ts';
import { readBase } from './install-base.ts';
import { requireApart, requireFree } from './install-destination.ts';
import { preflight } from './install-preflight.ts';
import { choosePythons } from './install-python.ts';
import { stage, type StageOptions } from './install-stage.ts';
import type { PaceOptions } from './pace.ts';
import { verifyTree } from './verify.ts';

export interface InstallOptions extends PaceOptions {
  /** Put the new tree in the place of one that is there. */
  readonly replace?: boolean;
  /** Pythons of this host for the environments in the tree, instead of those that the build used. */
  readonly pythons?: readonly string[];
  /** A short path that becomes a link to the tree: what has no room for its place names it by that. */
  readonly via?: string;
  /** An installed release: its files that are the same are used again. */
  readonly base?: string;
  /** Install setuid and setgid programs, capabilities and devices as they are. */
  readonly allowSpecial?: boolean;
  /** Install though the tree's programs can't run on this host; what they lack becomes a warning. */
  readonly ignoreRequirements?: boolean;
  /** sha256 (hex) that the archive must have. */
  readonly digest?: string;
  readonly jobs?: number;
}

/**
 * Installs an archive at a place.
 * @throws ArchiveError where the archive is not to be believed; RequirementError where the host or the place does not fit; LockedError
 * where another run is at work there. Whatever is thrown, the place is as it was.
 * @example await install('site.tar.gz', '/srv/site');
 */
export async function install(archive: string, destination: string, options: InstallOptions = {}): Promise<Installed> {
  const place = installPlace(destination);
  return withLock(`${place.parent}/${place.stem}lock`, 'install', async () => {
    settle(place);
    const { jobs = availableParallelism(), digest, signal } = options;
    const opened = await openArchive(encodeBytes(absolutePath(archive)), {
      jobs,
      ...(digest === undefined ? {} : { digest }),
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      if (options.replace === true) requireApart(archive, place);
      return await installOpened(opened, place, options);
    } finally {
      opened.close();
    }
  });
}

/** Finishes an install that was cut short, or takes it back. */
export async function recoverInstall(destination: string): Promise<InstallRecovery> {
  const place = installPlace(destination);
  return withLock(`${place.parent}/${place.stem}lock`, 'recover', async () => ({ version: 1, outcome: settle(place) }));
}

async function installOpened(archive: OpenArchive, place: InstallPlace, options: InstallOptions): Promise<Installed> {
  const { manifest } = archive;
  const via = options.via === undefined ? null : absolutePath(options.via);
  const { jobs = availableParallelism() } = options;
  const there = whatIsAt(place);
  const present =
    there === 'directory' && options.replace !== true ? await sameInstall(archive, place, via, options) : null;
  if (present !== null) return { version: 1, outcome: 'unchanged', receipt: present };
  requireFree(place, there, options.replace === true);
  const standing = via === null ? null : requireLink(via, place.path, options.replace === true);
  const warnings = await preflight(manifest, place, {
    allowSpecial: options.allowSpecial === true,
    ignoreRequirements: options.ignoreRequirements === true,
    via,
  });
  const pythons = await choosePythons(manifest.head.requirements.interpreters, options.pythons ?? []);
  const placement = { place: place.path, slots: via ?? place.path };
  const base = options.base === undefined ? null : readBase(options.base);
  const chosen = { ...options, jobs, base, replacements: pythons, warnings, placement, standing };
  try {
    if (there !== 'directory') return await put(archive, place, chosen, false);
    // the tree that goes has a lock of its own: no fix or undo may be at work in it
    return await withLock(place.path, 'install', () => put(archive, place, chosen, true));
  } finally {
    base?.close();
  }
}

/** From the first byte that is written to the switch. */
async function put(
  archive: OpenArchive,
  place: InstallPlace,
  options: StageOptions,
  replaces: boolean,
): Promise<Installed> {
  const staging = beginStaging(place);
  try {
    const receipt = await stage(archive, staging, place, options);
    const link =
      options.standing === null
        ? NO_LINK
        : linkSwitch(options.placement.slots, place.path, staging.path, options.standing);
    const warnings = [...receipt.warnings, ...switchTo(place, staging.path, replaces, link)];
    return { version: 1, outcome: replaces ? 'replaced' : 'installed', receipt: { ...receipt, warnings } };
  } catch (error) {
    removeTree(staging.path);
    throw error;
  } finally {
    staging.close();
  }
}

/** The staging folder. It is the first that is written, so where that is not possible the parent is not writable. */
function beginStaging(place: InstallPlace): Staging {
  try {
    return new Staging(newStagingPath(place));
  } catch (error) {
    throw new UsageError(`the tree can't be written into ${showBytes(place.parent)}: ${reasonOf(error)}`);
  }
}

/** The receipt where this very archive is installed at the place, nothing of it was changed since, and no other Python is asked for. */
async function sameInstall(
  archive: OpenArchive,
  place: InstallPlace,
  via: AbsolutePath | null,
  options: InstallOptions,
): Promise<InstallReceipt | null> {
  const receipt = readInstallReceipt(place.path);
  if (receipt === null || receipt.place !== place.path || receipt.manifest !== archive.manifest.digest) return null;
  if ((readTreeMemory(place.path)?.via ?? null) !== via) return null;
  if (readInstalledManifestDigest(place.path) !== archive.manifest.digest || (options.pythons ?? []).length > 0)
    return null;
  const { onProgress: _, ...rest } = options;
  return (await verifyTree(place.path, rest)).differences.every(({ kind }) => kind === 'extra') ? receipt : null;
}
