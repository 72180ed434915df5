/** The libraries of this host, found as its dynamic linker finds them, without running it. */
import { encodeBytes } from '../formats/byte-text.ts';
import { readDynamic } from '../formats/elf-dynamic.ts';
import { readVersionDefinitions } from '../formats/elf-versions.ts';
import { readElf } from '../formats/elf-headers.ts';
import { MalformedElf } from '../formats/elf.ts';
import { parseLdCache } from '../formats/ld-cache.ts';
import { nativeFacts } from '../formats/native-facts.ts';
import { readHeaders } from './file-source.ts';
import { readSmallFile } from './small-file.ts';

export interface HostLibrary {
  readonly path: string;
  /** The symbol versions that it defines; empty where it has none: then it satisfies all. */
  readonly versions: readonly string[];
}

/** Finds a library by its name (or at its absolute path), in some folders first; null where this host has none for that processor. */
export type FindLibrary = (name: string, arch: string, folders: readonly string[]) => HostLibrary | null;

/** Bytes: a cache of some hundred thousand libraries; a file of configuration. */
const CACHE_LIMIT = 64 * 1024 * 1024;
const CONFIG_LIMIT = 1024 * 1024;
/** Folders that are looked into without being named anywhere: of glibc, musl and Debian's multiarch (`*` is any name). */
const USUAL = ['/lib64', '/usr/lib64', '/lib', '/usr/lib', '/usr/local/lib', '/lib/*-linux-*', '/usr/lib/*-linux-*'];

/** Paths by a pattern, as glob(3) has them; a path without one stands for itself. */
type Expand = (pattern: string) => string[];

/** Reads what says where libraries are, once. */
export async function hostLibraries(): Promise<FindLibrary> {
  const expand = await expansion();
  const cache = parseLdCache(tryRead('/etc/ld.so.cache', CACHE_LIMIT));
  const named = [...configuredFolders('/etc/ld.so.conf', expand, 0), ...muslFolders(expand)];
  const usual = [...named, ...USUAL].flatMap(expand);
  return (name, arch, folders) => {
    const paths = name.startsWith('/')
      ? [name]
      : [
          ...folders.map((folder) => `${folder}/${name}`),
          ...(cache.get(name) ?? []),
          ...usual.map((folder) => `${folder}/${name}`),
        ];
    for (const path of paths) {
      const library = readLibrary(path, arch);
      if (library !== null) return library;
    }
    return null;
  };
}

/** fast-glob is loaded by those alone who ask for libraries. */
async function expansion(): Promise<Expand> {
  const { default: glob } = await import('fast-glob');
  const options = { onlyFiles: false, followSymbolicLinks: false, suppressErrors: true };
  return (pattern) => (glob.isDynamicPattern(pattern) ? glob.sync(pattern, options).sort() : [pattern]);
}

function readLibrary(path: string, arch: string): HostLibrary | null {
  return readHeaders(encodeBytes(path), true, (source) => {
    if (nativeFacts(source)?.arch !== arch) return null;
    try {
      const elf = readElf(source);
      const dynamic = readDynamic(elf);
      return { path, versions: dynamic === null ? [] : readVersionDefinitions(elf, dynamic) };
    } catch (error) {
      if (error instanceof MalformedElf) return null;
      throw error;
    }
  });
}

/** How deep files of configuration may include each other. */
const DEEPEST = 4;

/** Folders that ld.so.conf names: one a line, `include` with a pattern, `#` for comments (ldconfig(8)). */
function configuredFolders(path: string, expand: Expand, depth: number): string[] {
  return lines(path).flatMap((line) => {
    const include = /^include\s+(.+)$/.exec(line)?.[1];
    if (include === undefined) return line.startsWith('/') ? [line] : [];
    const pattern = include.startsWith('/') ? include : `/etc/${include}`;
    return depth === DEEPEST ? [] : expand(pattern).flatMap((file) => configuredFolders(file, expand, depth + 1));
  });
}

/** musl names its folders in a file beside the loader: `/etc/ld-musl-x86_64.path`. */
function muslFolders(expand: Expand): string[] {
  return expand('/etc/ld-musl-*.path').flatMap((file) => lines(file).flatMap((line) => line.split(':')));
}

function lines(path: string): string[] {
  const text = tryRead(path, CONFIG_LIMIT).toString('utf8');
  return text.split('\n').map((line) => line.replace(/#.*/, '').trim());
}

function tryRead(path: string, limit: number): Buffer {
  try {
    return readSmallFile(encodeBytes(path), limit, true);
  } catch {
    return Buffer.alloc(0);
  }
}
