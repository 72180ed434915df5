/** Everything of an install up to the switch: afterwards the tree in the staging folder is complete, proved, and on the disk. */
import { compareBytes, showBytes } from '../formats/byte-text.ts';
import { IndexSet } from '../formats/index-set.ts';
import { renderedListText } from '../formats/rendered-list.ts';
import type { OpenArchive } from '../io/archive-read.ts';
import { FileThreads } from '../io/file-threads.ts';
import type { InstallPlace } from '../io/install-place.ts';
import { writeInstallRecords } from '../io/install-records.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import { ownerIds } from '../io/owners.ts';
import type { Staging } from '../io/staging.ts';
import { treeMemoryText } from '../io/tree-memory.ts';
import type { LinkStanding } from '../io/via-link.ts';
import { ArchiveError } from '../model/errors.ts';
import type { InstallReceipt, Placement } from '../model/install.ts';
import type { ManifestHead } from '../model/manifest.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import { VERSION } from '../model/version.ts';
import { applyModes, applyOwnership, extractFiles, extractLinks, makeFolders } from './install-extract.ts';
import { reuseFiles, type BaseRelease } from './install-base.ts';
import type { Replacements } from './install-python.ts';
import { Rendering, type Rendered } from './install-render.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { readingOf } from './tree-reading.ts';
import { compareTree, type TreeToVerify } from './verify-tree.ts';

export interface StageOptions extends PaceOptions {
  readonly jobs: number;
  readonly placement: Placement;
  /** What stands at the link; null where none is asked for. */
  readonly standing: LinkStanding | null;
  readonly replacements: Replacements;
  readonly warnings: readonly string[];
  /** The release whose files are used again; null where none is named. */
  readonly base: BaseRelease | null;
}

/** Puts the tree together in the staging folder. */
export async function stage(
  archive: OpenArchive,
  staging: Staging,
  place: InstallPlace,
  options: StageOptions,
): Promise<InstallReceipt> {
  const { head } = archive.manifest;
  const tree = { root: staging.root, ...placeAndLink(options), formerPlaces: [] };
  const threads = new FileThreads(readingOf(head, tree), options.jobs, head.totals);
  try {
    return await stageWith(threads, archive, staging, place, options);
  } finally {
    await threads.stop();
  }
}

async function stageWith(
  threads: FileThreads,
  archive: OpenArchive,
  staging: Staging,
  place: InstallPlace,
  options: StageOptions,
): Promise<InstallReceipt> {
  const { manifest } = archive;
  const rendering = new Rendering(manifest, options.placement, options.replacements);
  const pace = new Pace(options, manifest.head.totals.entries);
  await makeFolders(manifest, staging, pace);
  const reused =
    options.base === null ? new IndexSet() : await reuseFiles(options.base, manifest, threads, rendering, pace);
  const filled = await extractFiles(archive, staging, threads, rendering, reused, pace);
  const rendered = rendering.finish(staging, filled);
  const links = retargets(manifest.head, options.replacements);
  extractLinks(manifest, staging, (path, target) => links.get(path) ?? target);
  const owners = ownerIds();
  const complaints = await applyOwnership(manifest, staging, owners);
  await prove(manifest, staging, threads, rendered, options);
  const warnings = [...options.warnings, ...owners.warnings(), ...complaints];
  const receipt = receiptFor(archive, rendered, reused, options, warnings);
  writeInstallRecords(staging, {
    manifest: manifest.pieces(),
    rendered: renderedListText([...rendered].map(([path, { digest }]) => [path, digest])),
    memory: treeMemoryText(
      [place.path, ...(receipt.via === null ? [] : [receipt.via])].map((path) => ({ path, base: asTreePath('') })),
      receipt.via,
    ),
    receipt,
  });
  applyModes(manifest, staging);
  await staging.sync(filesOf(manifest));
  staging.setMode(asTreePath(''), manifest.head.root.mode);
  return receipt;
}

/** Reads everything back from the disk while it can be read: every digest, every link, and no place of the build. */
async function prove(
  manifest: ManifestStore,
  staging: Staging,
  threads: FileThreads,
  rendered: Rendered,
  options: StageOptions,
): Promise<void> {
  const tree: TreeToVerify = {
    root: staging.root,
    threads,
    ...placeAndLink(options),
    formerPlaces: [],
    rendered: new Map([...rendered].map(([path, { digest }]) => [path, digest])),
    ignores: () => null,
    checksModes: false,
  };
  const { signal } = options;
  const pace = new Pace(signal === undefined ? {} : { signal }, manifest.head.totals.entries);
  const { differences, byteCode } = await compareTree(manifest, tree, pace);
  const wrong = differences.toSorted((a, b) => compareBytes(a.path, b.path))[0];
  if (wrong === undefined && byteCode === 0) return;
  const what = wrong === undefined ? 'byte code has other bytes' : `'${showBytes(wrong.path)}' ${wrong.note}`;
  throw new ArchiveError('install-proof', `what was extracted is not right and was not installed: ${what}`);
}

function* filesOf(manifest: ManifestStore): Generator<TreePath, void, void> {
  for (const { path, type } of manifest.entries()) if (type === 'file') yield path;
}

/** New targets for the links of environments that get another Python. */
function retargets(manifest: ManifestHead, replacements: Replacements): ReadonlyMap<TreePath, string> {
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
  reused: IndexSet,
  options: StageOptions,
  warnings: readonly string[],
): InstallReceipt {
  const { head, digest } = archive.manifest;
  return {
    version: 1,
    tool: `relocate ${VERSION}`,
    tree: head.tree,
    manifest: digest,
    ...placeAndLink(options),
    at: new Date().toISOString(),
    pythons: [...options.replacements].map(([environment, { program }]) => ({ environment, program })),
    counts: {
      ...head.totals,
      rendered: rendered.size,
      ...(options.base === null ? {} : { reused: reused.size }),
    },
    warnings: warnings,
  };
}
