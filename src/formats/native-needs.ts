/** From what each native file asks for to what the tree asks of its host. Pure. */
import { baseName, type TreePath } from '../model/path.ts';
import type { ForeignCode, NeededVersion, OutsideLibrary, OutsidePath } from '../model/requirements.ts';
import { compareBytes } from './byte-text.ts';
import type { LibcFamily, NativeFacts } from './native-facts.ts';
import { compareNumbers, parseVersion } from './version-series.ts';

export interface NativeFile {
  readonly path: TreePath;
  readonly facts: NativeFacts;
}

export interface NativeNeeds {
  readonly platform: string;
  readonly arch: string;
  readonly libc: string;
  readonly libraries: readonly OutsideLibrary[];
  readonly foreign: readonly ForeignCode[];
  readonly loaders: readonly OutsidePath[];
}

export interface NativeContext {
  /** The host of the build: what files that don't say are made for, and the winner among equals. */
  readonly host: { readonly platform: string; readonly arch: string };
  /** File names by which the tree may provide a library: of its links. Those of its libraries are known. */
  readonly linkNames: ReadonlySet<string>;
  /** Whether an absolute path belongs to the tree. */
  isInside(path: string): boolean;
}

/** The libraries of glibc itself: they come with the loader, whatever a tree carries by their names (a sysroot to compile against). */
const CORE = /^(?:ld-linux.*|ld64|libc|libm|libmvec|libpthread|libdl|librt|libresolv|libutil|libanl)\.so(?:\.\d+)+$/;

/**
 * A tree may hold code for several hosts: wheels and prebuilt modules bring all of them, cross compilers their target's. Asked for is
 * what its programs are made for (those in `bin` first), or else most of its libraries; the rest is foreign. Null where nothing is native.
 */
export function nativeNeeds(files: readonly NativeFile[], context: NativeContext): NativeNeeds | null {
  const platformOf = ({ facts }: NativeFile): string => facts.platform || elfPlatform(context.host.platform);
  const hostOf = (file: NativeFile): string => `${platformOf(file)} ${file.facts.arch}`;
  const main = foremost(files, hostOf, `${context.host.platform} ${context.host.arch}`);
  const first = files.find((file) => hostOf(file) === main);
  if (first === undefined) return null;
  const ofHost = files.filter((file) => hostOf(file) === main);
  const family = foremost(
    ofHost.filter(({ facts }) => facts.libc !== ''),
    ({ facts }) => facts.libc,
    '',
  );
  const own = ofHost.filter(({ facts }) => facts.libc === '' || facts.libc === family);
  const isOwn = new Set(own);
  const loaders = outsideLoaders(own, context);
  const libraries = outsideLibraries(own, loaders, context);
  const foreign = files.filter((file) => !isOwn.has(file));
  return {
    platform: platformOf(first),
    arch: first.facts.arch,
    libc: libcOf(family, libraries),
    libraries,
    foreign: foreignCode(foreign, platformOf),
    loaders,
  };
}

/** ELF files are of the host that built them, unless that is one that has none. */
function elfPlatform(host: string): string {
  return host === 'darwin' || host === 'win32' ? 'linux' : host;
}

/** The key of the files with the most programs in `bin`; among equals with the most programs, then the most files, then the favourite. */
function foremost<K extends string>(
  files: readonly NativeFile[],
  keyOf: (file: NativeFile) => K,
  favourite: string,
): K | undefined {
  const ranks = new Map<K, [number, number, number, number]>();
  for (const file of files) {
    const key = keyOf(file);
    const rank = ranks.get(key) ?? [0, 0, 0, key === favourite ? 1 : 0];
    const isProgram = file.facts.kind === 'program';
    if (isProgram && /(?:^|\/)s?bin\/[^/]+$/.test(file.path)) rank[0]++;
    if (isProgram) rank[1]++;
    rank[2]++;
    ranks.set(key, rank);
  }
  return [...ranks].sort(([a, left], [b, right]) => compareNumbers(right, left) || compareBytes(a, b))[0]?.[0];
}

function outsideLoaders(files: readonly NativeFile[], { isInside }: NativeContext): OutsidePath[] {
  const loaders = new Map<string, OutsidePath>();
  for (const { path: example, facts } of files) {
    const { loader } = facts;
    if (facts.kind !== 'program' || loader === null || !loader.startsWith('/') || isInside(loader)) continue;
    const before = loaders.get(loader);
    loaders.set(loader, {
      path: loader,
      kind: 'loader',
      count: (before?.count ?? 0) + 1,
      example: before?.example ?? example,
    });
  }
  return [...loaders.values()];
}

function outsideLibraries(
  files: readonly NativeFile[],
  loaders: readonly OutsidePath[],
  { linkNames, isInside }: NativeContext,
): OutsideLibrary[] {
  // a tree that brings its own loader brings the libraries of it too
  const bringsLibc =
    loaders.length === 0 && files.some(({ facts }) => facts.kind === 'program' && facts.loader !== null);
  const provided = new Set(
    files.flatMap(({ path, facts }) => [baseName(path), ...(facts.soname === null ? [] : [facts.soname])]),
  );
  const isProvided = (name: string): boolean => {
    if (name.includes('/')) return !name.startsWith('/') || isInside(name);
    return (provided.has(name) || linkNames.has(name)) && (bringsLibc || !CORE.test(name));
  };
  const users = new Map<string, NativeFile[]>();
  for (const file of files)
    for (const name of new Set(file.facts.needed)) {
      if (isProvided(name)) continue;
      const known = users.get(name);
      if (known === undefined) users.set(name, [file]);
      else known.push(file);
    }
  return [...users]
    .map(([name, list]) => outsideLibrary(name, list, isInside))
    .sort((a, b) => compareBytes(a.name, b.name));
}

function outsideLibrary(
  name: string,
  users: readonly NativeFile[],
  isInside: NativeContext['isInside'],
): OutsideLibrary {
  const highest = new Map<string, NeededVersion & { readonly numbers: readonly number[] }>();
  const folders = new Set<string>();
  for (const { path, facts } of users) {
    for (const folder of facts.searchPath)
      if (folder.startsWith('/') && !folder.includes('$') && !isInside(folder)) folders.add(folder);
    for (const version of facts.versions.flatMap(({ library, versions }) => (library === name ? versions : []))) {
      const { series, numbers } = parseVersion(version);
      const before = highest.get(series);
      if (before === undefined || compareNumbers(before.numbers, numbers) < 0)
        highest.set(series, { version, example: path, numbers });
    }
  }
  return {
    name,
    count: users.length,
    example: users[0]?.path ?? ('' as TreePath), // a library without users is never asked for
    versions: [...highest.values()]
      .map(({ version, example }) => ({ version, example }))
      .sort((a, b) => compareBytes(a.version, b.version)),
    folders: [...folders].sort(compareBytes),
  };
}

/** The lowest glibc that has all versions. Those with relative relocations packed (DT_RELR) need 2.36, and say so by a name of its own. */
function libcOf(family: LibcFamily | undefined, libraries: readonly OutsideLibrary[]): string {
  if (family !== 'glibc') return family ?? '';
  const versions = libraries.flatMap(({ versions }) => versions.map(({ version }) => parseVersion(version)));
  const numbers = versions.flatMap((version) => {
    if (version.series === 'GLIBC_ABI_DT_RELR') return [[2, 36]];
    return version.series === 'GLIBC' ? [version.numbers] : [];
  });
  const highest = numbers.sort(compareNumbers).at(-1);
  return highest === undefined ? 'glibc' : `glibc ${highest.join('.')}`;
}

function foreignCode(files: readonly NativeFile[], platformOf: (file: NativeFile) => string): ForeignCode[] {
  const groups = new Map<string, ForeignCode>();
  for (const file of files) {
    const { arch, libc } = file.facts;
    const key = `${platformOf(file)} ${arch} ${libc}`;
    const before = groups.get(key);
    groups.set(key, {
      platform: platformOf(file),
      arch,
      libc,
      count: (before?.count ?? 0) + 1,
      example: before?.example ?? file.path,
    });
  }
  return [...groups].sort(([a], [b]) => compareBytes(a, b)).map(([, code]) => code);
}
