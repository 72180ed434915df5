/** bundle: the Pythons outside a tree on which its virtual environments stand, made ready to come along. The tree is only read. */
import type { BasePython } from '../io/base-python.ts';
import { BundleFolder, makeBundleStaging, settleFolder, treeTypeOf } from '../io/bundle-folder.ts';
import { hostLibraries, type FindLibrary } from '../io/host-libraries.ts';
import { removeTree } from '../io/remove-tree.ts';
import { BUNDLE_FOLDER, type Bundle, type BundledPython, type BundlePart } from '../model/bundle.ts';
import { UsageError } from '../model/errors.ts';
import { asAbsolutePath, joinAbsolute, joinTree, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import { findEnvironments, type Environment } from './bundle-environments.ts';
import { makePython } from './bundle-python.ts';
import { Pace } from './pace.ts';
import { isSystemPlace, type PrefixOptions } from './prefixes.ts';
import { findTree } from './tree.ts';

export interface BundleOptions extends PrefixOptions {
  /** Globs of what is left out of the tree. */
  readonly exclude?: readonly string[];
  /** What is left out of the Pythons. */
  readonly without?: readonly BundlePart[];
  readonly signal?: AbortSignal;
}

/** A bundle, and the means to forget it: its files lie in a temporary folder. */
export interface HeldBundle {
  readonly bundle: Bundle;
  discard(): void;
}

/**
 * Finds the virtual environments of a tree whose Python is outside of it and lays those Pythons out in a temporary folder. Environments on
 * one Python share it. Null where there is none.
 * @throws UsageError where a Python can't come along; InterruptedError where the signal is aborted: no folder is left then
 * @example const held = await bundlePython('/srv/site'); await apply(plan(await scan('/srv/site', { bundle: held?.bundle })));
 */
export async function bundlePython(tree: string, options: BundleOptions = {}): Promise<HeldBundle | null> {
  const place = findTree(tree);
  const groups = grouped(await findEnvironments(place.real, options));
  if (groups.length === 0) return null;
  const isThere = treeTypeOf(place.real, BUNDLE_FOLDER);
  if (isThere !== null && isThere !== 'directory')
    throw new UsageError(
      `--bundle-python puts Pythons into ${BUNDLE_FOLDER}, and there is a ${isThere} of that name: move it away`,
    );
  const staging = makeBundleStaging();
  const discard = (): void => removeTree(staging);
  try {
    const find = await hostLibraries();
    const made: Made[] = [];
    const pace = new Pace(options.signal === undefined ? {} : { signal: options.signal }, groups.length);
    for (const group of nameFolders(place.real, groups)) {
      await pace.breathe();
      made.push(await makeOne(staging, group, find, options.without ?? [], pace));
    }
    await pace.breathe();
    settleFolder(joinAbsolute(staging, BUNDLE_FOLDER));
    return {
      discard,
      bundle: {
        staging,
        additions: isThere === null ? [BUNDLE_FOLDER] : made.map(({ python }) => python.folder),
        pythons: made.map(({ python }) => python),
        prefixes: made.flatMap(({ prefixes }) => prefixes),
        warnings: made.flatMap(({ warnings }) => warnings),
      },
    };
  } catch (error) {
    discard();
    throw inWords(error, staging);
  }
}

interface Group {
  readonly base: BasePython;
  readonly environments: readonly Environment[];
}

/** The environments by their base, in the order of its path. */
function grouped(environments: readonly Environment[]): Group[] {
  const groups = new Map<AbsolutePath, Environment[]>();
  for (const environment of environments) {
    const { program } = environment.base;
    groups.set(program, [...(groups.get(program) ?? []), environment]);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, members]) => members.slice(0, 1).map(({ base }) => ({ base, environments: members })));
}

interface NamedGroup extends Group {
  readonly folder: TreePath;
  readonly version: string;
}

/** What the system refuses: a file of the base that only root may read, a temporary folder without room. */
function inWords(error: unknown, staging: AbsolutePath): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new UsageError(
    `--bundle-python: the Python can't be laid out in ${staging} (${error.message}); TMPDIR names another folder for that`,
  );
}

/** Each gets a folder by its version; where that is taken, a number follows. */
function nameFolders(root: AbsolutePath, groups: readonly Group[]): NamedGroup[] {
  const taken = new Set<TreePath>();
  return groups.map((group) => {
    const version = group.environments[0]?.version ?? '';
    let folder = joinTree(BUNDLE_FOLDER, version);
    for (let number = 2; taken.has(folder) || treeTypeOf(root, folder) !== null; number++)
      folder = joinTree(BUNDLE_FOLDER, `${version}-${number}`);
    taken.add(folder);
    return { ...group, version, folder };
  });
}

interface Made {
  readonly python: BundledPython;
  readonly prefixes: readonly Prefix[];
  readonly warnings: readonly string[];
}

async function makeOne(
  staging: AbsolutePath,
  { base, environments, folder, version }: NamedGroup,
  find: FindLibrary,
  without: readonly BundlePart[],
  pace: Pace,
): Promise<Made> {
  const target = new BundleFolder(joinAbsolute(staging, folder));
  const withPackages = environments.some(({ seesPackages }) => seesPackages);
  const { libraries, warnings } = await makePython(base, target, { without, withPackages }, find, pace);
  const program = joinTree(folder, 'bin', base.name);
  return {
    warnings,
    prefixes: prefixesOf(base, folder, environments),
    python: {
      folder,
      version,
      libraries,
      prefix: base.prefix,
      environments: environments.map(({ path, links }) => ({
        path,
        links: links.map((link) => ({ path: link, to: program })),
      })),
      ...target.settleFolders(),
    },
  };
}

/** A place of its own, by its real path and by that of the environments; `/usr` is the place of much else, and is not looked for. */
function prefixesOf(base: BasePython, folder: TreePath, environments: readonly Environment[]): Prefix[] {
  const homes = environments.flatMap(({ home }) => (home.endsWith('/bin') ? [asAbsolutePath(home.slice(0, -4))] : []));
  return [...new Set([base.prefix, ...homes])]
    .filter((path) => !isSystemPlace(path))
    .map((path) => ({ path, base: folder, source: 'recorded', evidence: 'the bundled Python' }));
}
