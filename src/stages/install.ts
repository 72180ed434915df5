/** install: one transaction. Killed anywhere, the old state or the new one is there. */
import { availableParallelism } from 'node:os';
import { encodeBytes, showBytes } from '../formats/byte-text.ts';
import { renderedListText } from '../formats/rendered-list.ts';
import { openArchive, type OpenArchive } from '../io/archive-read.ts';
import { installPlace, newStagingPath, settle, switchTo, whatIsAt, type InstallPlace } from '../io/install-place.ts';
import { readInstalledManifestDigest, readInstallReceipt, writeInstallRecords } from '../io/install-records.ts';
import { withLock } from '../io/lock.ts';
import { ownerIds } from '../io/owners.ts';
import { absolutePath } from '../io/places.ts';
import { removeTree } from '../io/remove-tree.ts';
import { Staging } from '../io/staging.ts';
import { readTreeMemory, treeMemoryText } from '../io/tree-memory.ts';
import { linkSwitch, NO_LINK, requireLink, type LinkStanding } from '../io/via-link.ts';
import { ArchiveError } from '../model/errors.ts';
import type { Installed, InstallReceipt, InstallRecovery, Placement } from '../model/install.ts';
import type { Manifest } from '../model/manifest.ts';
import { asTreePath, type AbsolutePath, type TreePath } from '../model/path.ts';
import { VERSION } from '../model/version.ts';
import { applyModes, applyOwnership, extractFiles, extractLinks } from './install-extract.ts';
import { requireApart, requireFree } from './install-destination.ts';
import { preflight } from './install-preflight.ts';
import { choosePythons, type Replacements } from './install-python.ts';
import { renderFiles, type Rendered } from './install-render.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { compareTree } from './verify-tree.ts';
import { verifyTree } from './verify.ts';

export interface InstallOptions extends PaceOptions {
  /** Put the new tree in the place of one that is there. */
  readonly replace?: boolean;
  /** Pythons of this host for the environments in the tree, instead of those that the build used. */
  readonly pythons?: readonly string[];
  /** A short path that becomes a link to the tree: what has no room for its place names it by that. */
  readonly via?: string;
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
  const pythons = await choosePythons(manifest.requirements.interpreters, options.pythons ?? []);
  const placement = { place: place.path, slots: via ?? place.path };
  const chosen = { ...options, replacements: pythons, warnings, placement, standing };
  if (there !== 'directory') return put(archive, place, chosen, false);
  // the tree that goes has a lock of its own: no fix or undo may be at work in it
  return withLock(place.path, 'install', () => put(archive, place, chosen, true));
}

/** From the first byte that is written to the switch. */
async function put(
  archive: OpenArchive,
  place: InstallPlace,
  options: StageOptions,
  replaces: boolean,
): Promise<Installed> {
  const staging = new Staging(newStagingPath(place));
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

/** The receipt where this very archive is installed at the place, nothing of it was changed since, and no other Python is asked for. */
async function sameInstall(
  archive: OpenArchive,
  place: InstallPlace,
  via: AbsolutePath | null,
  options: InstallOptions,
): Promise<InstallReceipt | null> {
  const receipt = readInstallReceipt(place.path);
  if (receipt === null || receipt.place !== place.path || receipt.manifest !== archive.manifestDigest) return null;
  if ((readTreeMemory(place.path)?.via ?? null) !== via) return null;
  if (readInstalledManifestDigest(place.path) !== archive.manifestDigest || (options.pythons ?? []).length > 0)
    return null;
  const { onProgress: _, ...rest } = options;
  return (await verifyTree(place.path, rest)).differences.every(({ kind }) => kind === 'extra') ? receipt : null;
}

interface StageOptions extends InstallOptions {
  readonly placement: Placement;
  /** What stands at the link; null where none is asked for. */
  readonly standing: LinkStanding | null;
  readonly replacements: Replacements;
  readonly warnings: readonly string[];
}

/** Everything up to the switch: afterwards the tree in the staging folder is complete, proved, and on the disk. */
async function stage(
  archive: OpenArchive,
  staging: Staging,
  place: InstallPlace,
  options: StageOptions,
): Promise<InstallReceipt> {
  const { manifest } = archive;
  const pace = new Pace(options, manifest.entries.length);
  await extractFiles(archive, staging, pace);
  const rendered = renderFiles(manifest, staging, options.placement, options.replacements);
  const links = retargets(manifest, options.replacements);
  extractLinks(manifest, staging, (path, target) => links.get(path) ?? target);
  const owners = ownerIds();
  const complaints = await applyOwnership(manifest, staging, owners);
  await prove(manifest, staging, rendered, options);
  const receipt = receiptFor(archive, rendered, options, [...options.warnings, ...owners.warnings(), ...complaints]);
  writeInstallRecords(staging, {
    manifest: archive.manifestBytes,
    rendered: renderedListText([...rendered].map(([path, { digest }]) => [path, digest])),
    memory: treeMemoryText(
      [place.path, ...(receipt.via === null ? [] : [receipt.via])].map((path) => ({ path, base: asTreePath('') })),
      receipt.via,
    ),
    receipt,
  });
  applyModes(manifest, staging);
  await staging.sync(manifest.entries.flatMap(({ path, type }) => (type === 'file' ? [path] : [])));
  staging.setMode(asTreePath(''), manifest.root.mode);
  return receipt;
}

/** Reads everything back from the disk while it can be read: every digest, every link, and no place of the build. */
async function prove(manifest: Manifest, staging: Staging, rendered: Rendered, options: StageOptions): Promise<void> {
  const digests = new Map([...rendered].map(([path, { digest }]) => [path, digest]));
  const { signal } = options;
  const pace = new Pace(signal === undefined ? {} : { signal }, manifest.entries.length);
  const findings = await compareTree(
    manifest,
    {
      root: staging.root,
      ...placeAndLink(options),
      formerPlaces: [],
      rendered: digests,
      ignores: () => null,
      checksModes: false,
    },
    pace,
  );
  const wrong = findings.differences[0];
  if (wrong === undefined && findings.byteCode === 0) return;
  const what = wrong === undefined ? 'byte code has other bytes' : `'${showBytes(wrong.path)}' ${wrong.note}`;
  throw new ArchiveError('install-proof', `what was extracted is not right and was not installed: ${what}`);
}

/** New targets for the links of environments that get another Python. */
function retargets(manifest: Manifest, replacements: Replacements): ReadonlyMap<TreePath, string> {
  return new Map(
    manifest.requirements.interpreters.flatMap(({ environment, links }) => {
      const python = replacements.get(environment);
      return python === undefined ? [] : links.map((path) => [path, python.program] as const);
    }),
  );
}

/** Where the tree will be, and the link by which its slots name it. */
function placeAndLink({ placement, standing }: StageOptions): Pick<InstallReceipt, 'place' | 'via'> {
  return { place: placement.place, via: standing === null ? null : placement.slots };
}

function receiptFor(
  archive: OpenArchive,
  rendered: Rendered,
  options: StageOptions,
  warnings: readonly string[],
): InstallReceipt {
  const { manifest, manifestDigest } = archive;
  return {
    version: 1,
    tool: `relocate ${VERSION}`,
    tree: manifest.tree,
    manifest: manifestDigest,
    ...placeAndLink(options),
    at: new Date().toISOString(),
    pythons: [...options.replacements].map(([environment, { program }]) => ({ environment, program })),
    counts: { ...manifest.totals, rendered: rendered.size },
    warnings: warnings,
  };
}
