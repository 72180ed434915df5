/** Finds the virtual environments of a tree that stand on a Python outside of it. */
import { encodeBytes, showBytes } from '../formats/byte-text.ts';
import { parsePyvenvCfg } from '../formats/pyvenv-cfg.ts';
import { findBasePython, readEnvironmentLinks, type BasePython } from '../io/base-python.ts';
import { findOrigins } from '../io/origin-files.ts';
import { UsageError } from '../model/errors.ts';
import { baseName, dirName, joinTree, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import { locate } from '../rules/claims.ts';
import { discoverPrefixes, type PrefixOptions } from './prefixes.ts';
import { selectPaths } from './selection.ts';

/** An environment whose Python is to come along. */
export interface Environment {
  readonly path: TreePath;
  readonly version: string;
  readonly home: string;
  readonly seesPackages: boolean;
  readonly base: BasePython;
  /** Its links that lead out of the tree. */
  readonly links: readonly TreePath[];
}

/**
 * The environments of the tree at `real`, sorted by path, but for those that are left out by `exclude` (globs).
 * @throws UsageError where the Python of one can't come along
 */
export async function findEnvironments(
  real: AbsolutePath,
  options: PrefixOptions & { readonly exclude?: readonly string[] },
): Promise<Environment[]> {
  const { prefixes } = await discoverPrefixes(real, options);
  const isExcluded = excluder(options.exclude ?? []);
  return findOrigins(real).files.flatMap(({ path, text }) => {
    if (baseName(path) !== 'pyvenv.cfg' || isExcluded(path)) return [];
    const environment = readEnvironment(real, path, text, prefixes);
    return environment === null ? [] : [environment];
  });
}

/** Whether a path, or a folder that it is in, is left out. */
function excluder(globs: readonly string[]): (path: TreePath) => boolean {
  const selects = selectPaths(globs);
  return (path) => {
    for (let at = path; at !== ''; at = dirName(at)) if (selects(at) !== null) return true;
    return false;
  };
}

/** Null where its Python is in the tree. */
function readEnvironment(
  root: AbsolutePath,
  file: TreePath,
  text: string,
  prefixes: readonly Prefix[],
): Environment | null {
  const lines = parsePyvenvCfg(encodeBytes(text).toString('latin1'));
  const valueOf = (wanted: string): string => lines.findLast(({ key }) => key === wanted)?.value ?? '';
  const home = valueOf('home');
  if (!home.startsWith('/') || locate(home, prefixes) !== null) return null;
  const path = dirName(file);
  const implementation = valueOf('implementation') || 'CPython';
  const shown = showBytes(path === '' ? root : path);
  const refuse = (why: string): UsageError =>
    new UsageError(`--bundle-python: ${shown} ${why}; or leave it out with --exclude`);
  if (implementation !== 'CPython') throw refuse(`runs on ${implementation}, and only CPython can come along`);
  const bin = joinTree(path, 'bin');
  const links = readEnvironmentLinks(root, bin);
  if (links === null) return null;
  if (typeof links === 'string') throw refuse(links);
  const base = findBasePython(links.program);
  if (typeof base === 'string') throw refuse(`can't be bundled: ${base}`);
  return {
    path,
    home,
    base,
    version: /^\d+\.\d+(?:\.\d+)?/.exec(valueOf('version') || valueOf('version_info'))?.[0] ?? versionOf(base),
    seesPackages: valueOf('include-system-site-packages').toLowerCase() === 'true',
    links: links.outside.map((name) => joinTree(bin, name)),
  };
}

/** `3.11` of `lib/python3.11`. */
function versionOf({ library }: BasePython): string {
  return baseName(library).slice('python'.length);
}
