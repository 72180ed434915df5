/** Makes one bundled Python: the program, its standard library, the shared libraries that these need, their licences. */
import { readLinkage, type Linkage } from '../formats/elf-linkage.ts';
import { withMovingPath, withProgramPath, type SearchPathSet } from '../formats/elf-search-path.ts';
import { MalformedElf } from '../formats/elf.ts';
import { showBytes } from '../formats/byte-text.ts';
import { isCompilerRuntime, isPlatformLibrary } from '../formats/platform-libraries.ts';
import { packageFolders, staysBehind } from '../formats/python-parts.ts';
import type { BasePython } from '../io/base-python.ts';
import type { BundleFolder, CopiedFile } from '../io/bundle-folder.ts';
import type { FindLibrary } from '../io/host-libraries.ts';
import { findNeeded } from '../io/needed-libraries.ts';
import { licenceOfPython, licencesOfLibraries } from '../io/licence-texts.ts';
import type { BundlePart } from '../model/bundle.ts';
import { UsageError } from '../model/errors.ts';
import {
  asTreePath,
  baseName,
  dirName,
  joinAbsolute,
  joinTree,
  relativeTo,
  type AbsolutePath,
  type TreePath,
} from '../model/path.ts';
import type { Pace } from './pace.ts';

/** Where shared libraries lie in a bundled Python. */
const LIBRARIES = asTreePath('lib');

export interface PythonParts {
  readonly without: readonly BundlePart[];
  /** An environment sees the packages of its base (`include-system-site-packages`). */
  readonly withPackages: boolean;
}

export interface MadePython {
  /** Shared libraries that came along, by the names under which they are needed; sorted. */
  readonly libraries: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Fills the folder. Everything in it finds the rest by its own place afterwards.
 * @throws UsageError where the program can't be made to find its libraries; InterruptedError where the user asked to stop
 */
export async function makePython(
  base: BasePython,
  folder: BundleFolder,
  parts: PythonParts,
  find: FindLibrary,
  pace: Pace,
): Promise<MadePython> {
  await copyFiles(base, folder, parts, pace);
  const { libraries, missing } = await copyLibraries(base, folder, find, pace);
  if (libraries.size > 0) await setSearchPaths(programOf(base), folder, libraries, pace);
  return {
    libraries: [...libraries.keys()].sort(),
    warnings: [...missing, ...copyLicences(base, folder, libraries)],
  };
}

async function copyFiles(
  base: BasePython,
  folder: BundleFolder,
  { without, withPackages }: PythonParts,
  pace: Pace,
): Promise<void> {
  const { program, prefix, library } = base;
  folder.copyFile(program, programOf(base));
  folder.link(asTreePath('bin/python3'), base.name, program);
  const [, major, minor] = /(\d+)\.(\d+)/.exec(library) ?? [];
  const zip = joinTree(dirName(asTreePath(library)), `python${major}${minor}.zip`);
  folder.copyFile(joinAbsolute(prefix, zip), zip);
  const standard = asTreePath(library);
  for (const _ of folder.copyFolder(joinAbsolute(prefix, library), standard, (path) => staysBehind(path, without)))
    await pace.rest();
  const isLeftCache = (path: string): boolean => without.includes('caches') && baseName(path) === '__pycache__';
  for (const packages of withPackages ? packageFolders(library) : [])
    for (const _ of folder.copyFolder(joinAbsolute(prefix, packages), asTreePath(packages), isLeftCache))
      await pace.rest();
}

function programOf({ name }: BasePython): TreePath {
  return joinTree('bin', name);
}

function mayNeedLibraries({ path }: CopiedFile): boolean {
  return /\.so(?:\.|$)/.test(path);
}

interface Libraries {
  /** Where each of them really was. */
  readonly libraries: ReadonlyMap<string, AbsolutePath>;
  /** Sentences about those that were not found. */
  readonly missing: readonly string[];
}

/** Everything that is needed and no part of the platform, and what that needs. */
async function copyLibraries(
  base: BasePython,
  folder: BundleFolder,
  find: FindLibrary,
  pace: Pace,
): Promise<Libraries> {
  const libraries = new Map<string, AbsolutePath>();
  const missing: string[] = [];
  const runtime = new Set<string>();
  const program = { linkage: linkageOf(folder, programOf(base)), origin: folderOf(base.program) };
  const copied = new Set(folder.copied.map(({ from }) => from));
  const pending = folder.copied.filter((file) => file.path === programOf(base) || mayNeedLibraries(file));
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    await pace.rest();
    const linkage = linkageOf(folder, file.path);
    for (const name of linkage.needed) if (isCompilerRuntime(name)) runtime.add(name);
    const needed = linkage.needed.filter((name) => !isPlatformLibrary(name) && !libraries.has(name));
    for (const name of needed) {
      const found = findNeeded(name, { linkage, origin: folderOf(file.from) }, program, find);
      if (found === null) missing.push(`${showBytes(file.path)} needs ${name}, which was not found on this host`);
      // a library that a package brings is found by the package's own place
      else if (!copied.has(found.real)) {
        libraries.set(name, found.real);
        const path = joinTree(LIBRARIES, name);
        folder.copyFile(found.real, path);
        pending.push({ path, from: found.place });
      }
    }
  }
  if (runtime.size > 0)
    missing.push(
      `${[...runtime].sort().join(' and ')} must be on the host: the runtime of the compiler is a part of the platform`,
    );
  return { libraries, missing };
}

const NOTHING: Linkage = { arch: '', needed: [], rpath: null, runpath: null };

/** What can't be read as ELF needs nothing that could be found. */
function linkageOf(folder: BundleFolder, path: TreePath): Linkage {
  try {
    return readLinkage(folder.read(path)) ?? NOTHING;
  } catch (error) {
    if (error instanceof MalformedElf || error instanceof RangeError) return NOTHING;
    throw error;
  }
}

function folderOf(place: AbsolutePath): string {
  return place.slice(0, place.lastIndexOf('/')) || '/';
}

/** The program finds the libraries for all that is loaded into it; a module that has a search path of its own is not helped by that. */
async function setSearchPaths(
  program: TreePath,
  folder: BundleFolder,
  libraries: Libraries['libraries'],
  pace: Pace,
): Promise<void> {
  for (const file of folder.copied) {
    if (file.path !== program && !mayNeedLibraries(file)) continue;
    await pace.rest();
    const { needed, rpath, runpath } = linkageOf(folder, file.path);
    const path = relativeTo(dirName(file.path), LIBRARIES);
    const wanted = path === '.' ? '$ORIGIN' : `$ORIGIN/${path}`;
    if (file.path === program) rewrite(folder, file, (bytes) => withProgramPath(bytes, wanted));
    else if (needed.some((name) => libraries.has(name)) && (rpath !== null || runpath !== null))
      rewrite(folder, file, (bytes) => withMovingPath(bytes, wanted));
  }
}

function rewrite(folder: BundleFolder, file: CopiedFile, set: (bytes: Buffer) => SearchPathSet): void {
  const bytes = folder.read(file.path);
  const edited = set(bytes);
  if (!edited.ok)
    throw new UsageError(
      `${file.from} can't be bundled: its search path for libraries can't be set (${edited.why}); build that Python with -Wl,-rpath,'$ORIGIN/../lib'`,
    );
  if (edited.bytes !== bytes) folder.rewrite(file, edited.bytes);
}

/** Copies the licences; sentences about those that were not found. */
function copyLicences(base: BasePython, folder: BundleFolder, libraries: ReadonlyMap<string, AbsolutePath>): string[] {
  const warnings: string[] = [];
  const own = licenceOfPython(base);
  if (own === 'none')
    warnings.push(
      `no licence of the Python at ${showBytes(base.prefix)} was found: add it before you pass the tree on`,
    );
  else if (own !== null) folder.copyFile(own.from, asTreePath(own.to));
  const licences = licencesOfLibraries([...libraries.values()]);
  const without: string[] = [];
  for (const [name, place] of libraries) {
    const licence = licences.get(place) ?? null;
    if (licence === null) without.push(name);
    else folder.copyFile(licence.from, asTreePath(licence.to));
  }
  // a library of Python itself is under Python's licence
  const foreign = without.filter((name) => !/^libpython\d/.test(name)).sort();
  if (foreign.length > 0)
    warnings.push(`no licence of ${foreign.join(', ')} was found: add it before you pass the tree on`);
  return warnings;
}
