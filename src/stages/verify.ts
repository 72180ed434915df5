/** verify: proves an archive, or an installed tree, against its manifest; runs the tree's programs where that is asked for. */
import { availableParallelism } from 'node:os';
import { compareBytes, showBytes } from '../formats/byte-text.ts';
import { FileThreads } from '../io/file-threads.ts';
import { readInstalledManifest, readRenderedDigests } from '../io/install-records.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import { resolvePlace } from '../io/places.ts';
import { readTreeMemory } from '../io/tree-memory.ts';
import { leadsTo } from '../io/via-link.ts';
import { UsageError } from '../model/errors.ts';
import { asAbsolutePath, asTreePath, type AbsolutePath } from '../model/path.ts';
import { PLACEHOLDER_PREFIX } from '../model/plan.ts';
import type { Difference, Verdict } from '../model/verdict.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { requireSettled } from './pending.ts';
import { selectPaths } from './selection.ts';
import { findTree } from './tree.ts';
import { checkArchive } from './verify-archive.ts';
import { runPrograms } from './verify-run.ts';
import { readingOf } from './tree-reading.ts';
import { compareTree, type TreeToVerify } from './verify-tree.ts';

export interface VerifyOptions extends PaceOptions {
  readonly jobs?: number;
  /** sha256 (hex) that an archive must have. */
  readonly digest?: string;
  /** Globs of paths of a tree that may be anything. */
  readonly ignore?: readonly string[];
  /** Run the Pythons and console scripts of a tree, with its former places hidden. */
  readonly run?: boolean;
  /** Further places to hide. */
  readonly hide?: readonly AbsolutePath[];
}

/**
 * Verifies what is at a path.
 * @throws UsageError where nothing is there, a tree has no manifest, or an option is of the other kind; ArchiveError where an archive is not to be believed
 * @example (await verify('/srv/site')).ok
 */
export async function verify(subject: string, options: VerifyOptions = {}): Promise<Verdict> {
  const place = resolvePlace(subject);
  if (place.type === null) throw new UsageError(`there is nothing at ${place.logical}: ${place.why}`);
  if (place.type === 'directory') {
    if (options.digest !== undefined)
      throw new UsageError(
        `${showBytes(place.logical)} is a tree, and --sha256 is the digest of an archive: a tree is held against the manifest in it`,
      );
    return verifyTree(subject, options);
  }
  requireNoTree(place.logical, options);
  return checkArchive(subject, options);
}

/** What can only be done to a tree must not seem done to an archive. */
function requireNoTree(archive: AbsolutePath, { run = false, hide = [], ignore = [] }: VerifyOptions): void {
  const asked = run ? '--run' : hide.length > 0 ? '--hide' : ignore.length > 0 ? '--ignore' : null;
  if (asked !== null)
    throw new UsageError(
      `${showBytes(archive)} is an archive, and ${asked} is for a tree; install it, then verify that`,
    );
}

/** Verifies a tree against the manifest that its install left in it. */
export async function verifyTree(tree: string, options: VerifyOptions = {}): Promise<Verdict> {
  const { logical } = findTree(tree);
  await requireSettled(tree);
  const manifest = readInstalledManifest(logical);
  try {
    return await verifyAgainst(manifest, logical, options);
  } finally {
    manifest?.close();
  }
}

async function verifyAgainst(
  manifest: ManifestStore | null,
  logical: AbsolutePath,
  options: VerifyOptions,
): Promise<Verdict> {
  if (manifest === null && options.run !== true)
    throw new UsageError(
      `${logical} was not installed by relocate, so there is nothing to hold it against; --run runs its programs all the same`,
    );
  const { prefixes = [], via = null } = readTreeMemory(logical) ?? {};
  const former = prefixes
    .filter(({ base, path }) => base === '' && path !== logical && path !== via)
    .map(({ path }) => path);
  const compared =
    manifest === null
      ? { differences: [], warnings: [] }
      : await compareWith(manifest, { place: logical, via }, former, options);
  const differences = [...linkDifferences(via, logical), ...compared.differences];
  const origins = (manifest?.head.origins ?? []).flatMap(({ path, base }) =>
    base === '' ? [asAbsolutePath(path)] : [],
  );
  const hidden = [...former.filter((path) => path !== PLACEHOLDER_PREFIX), ...(options.hide ?? []), ...origins];
  const ran = options.run === true ? await runPrograms(logical, hidden) : { programs: [], warnings: [] };
  return {
    version: 1,
    subject: 'tree',
    path: logical,
    ok: differences.length === 0 && ran.programs.every(({ ok }) => ok),
    checked: manifest?.head.totals ?? { entries: 0, files: 0, bytes: 0 },
    differences,
    programs: ran.programs,
    requirements: null,
    maxPrefixBytes: null,
    warnings: [...compared.warnings, ...ran.warnings],
  };
}

/** Fixed slots of the tree name it by a link: without that, its programs look elsewhere. */
function linkDifferences(via: AbsolutePath | null, tree: AbsolutePath): Difference[] {
  if (via === null || leadsTo(via, tree)) return [];
  const there = resolvePlace(via);
  const what = there.type === null ? 'leads nowhere' : `leads to ${showBytes(there.real)}`;
  const note = `${showBytes(via)}, by which fixed slots name the tree, ${what}; make it: ln -sfn ${showBytes(tree)} ${showBytes(via)}`;
  return [{ kind: 'via', path: asTreePath(''), note }];
}

async function compareWith(
  manifest: ManifestStore,
  { place, via }: Pick<TreeToVerify, 'place' | 'via'>,
  formerPlaces: readonly AbsolutePath[],
  options: VerifyOptions,
): Promise<{ readonly differences: readonly Difference[]; readonly warnings: readonly string[] }> {
  const { head } = manifest;
  const where = { root: place, place, via, formerPlaces };
  const threads = new FileThreads(readingOf(head, where), options.jobs ?? availableParallelism(), head.totals);
  const ignores = selectPaths([...head.volatile, ...(options.ignore ?? [])]);
  const tree = { ...where, threads, rendered: readRenderedDigests(place), ignores, checksModes: true };
  try {
    const pace = new Pace(options, head.totals.entries);
    const { differences, byteCode } = await compareTree(manifest, tree, pace);
    return {
      differences: differences.toSorted((a, b) => compareBytes(a.path, b.path)),
      warnings:
        byteCode === 0
          ? []
          : [`${byteCode} files of byte code were written, or went, since the install; Python checks them itself`],
    };
  } finally {
    await threads.stop();
  }
}
