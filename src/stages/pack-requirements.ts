/** What a target must offer for what is packed: the platform of native code, Pythons outside the tree, other paths outside. */
import { readInterpreter, type OutsideLink } from '../formats/interpreters.ts';
import { compareBytes } from '../formats/byte-text.ts';
import type { Interpreter, OutsidePath, Requirements } from '../model/manifest.ts';
import { baseName, dirName, isInside, joinTree, type TreePath } from '../model/path.ts';
import { PLACEHOLDER } from '../model/plan.ts';
import type { Reference } from '../model/reference.ts';
import type { Scan } from '../model/scan.ts';
import type { Contents } from './pack-contents.ts';
import type { PackedEntry } from './pack-entries.ts';
import { needsOfNativeCode } from './pack-native.ts';

/** A pyvenv.cfg is a handful of lines; what is larger is none. */
const CONFIG_LIMIT = 64 * 1024;

export function requirementsOf(scan: Scan, packed: readonly PackedEntry[], contents: Contents): Requirements {
  const { loaders, ...native } = needsOfNativeCode(scan, packed);
  const interpreters = findInterpreters(scan, packed, contents);
  const known = new Set(interpreters.flatMap(({ program, home }) => [program, home]));
  return { ...native, interpreters, outside: [...outsidePaths(scan, known), ...loaders].sort(byPath) };
}

function findInterpreters(scan: Scan, packed: readonly PackedEntry[], contents: Contents): Interpreter[] {
  const isOurs = (path: string): boolean =>
    path.includes(PLACEHOLDER) || scan.prefixes.some((prefix) => isInside(path, prefix.path));
  const links = outsideLinks(packed);
  return packed.flatMap(({ entry, seen }) => {
    if (entry.type !== 'file' || baseName(entry.path) !== 'pyvenv.cfg' || entry.size > CONFIG_LIMIT) return [];
    const bytes = Buffer.concat([...contents.fileOf(seen).pieces()].map((piece) => Buffer.from(piece)));
    const interpreter = readInterpreter(
      entry.path,
      bytes,
      links.get(joinTree(dirName(entry.path), 'bin')) ?? [],
      isOurs,
    );
    return interpreter === null ? [] : [interpreter];
  });
}

/** Symlinks with an absolute target in folders named `bin`, by their folder. */
function outsideLinks(packed: readonly PackedEntry[]): ReadonlyMap<TreePath, readonly OutsideLink[]> {
  const links = new Map<TreePath, OutsideLink[]>();
  for (const { entry } of packed) {
    const folder = dirName(entry.path);
    if (entry.type !== 'symlink' || !entry.target.startsWith('/') || baseName(folder) !== 'bin') continue;
    links.set(folder, [...(links.get(folder) ?? []), { path: entry.path, target: entry.target }]);
  }
  return links;
}

/** Every other path outside, once, with how often it is named. */
function outsidePaths({ references, files }: Scan, known: ReadonlySet<string>): OutsidePath[] {
  const paths = new Map<string, OutsidePath>();
  const modes = new Map(files.map(({ file, mode }) => [file, mode]));
  // the kernel reads the first line of what can be run, and of nothing else
  const isRun = ({ code, file }: Reference): boolean => code === 'RL103' && ((modes.get(file) ?? 0) & 0o111) !== 0;
  for (const reference of references) {
    const { scope, fix, site, path, file, prefix } = reference;
    if (scope !== 'outside' || fix !== 'none' || prefix !== null || known.has(path)) continue;
    if (site.kind !== 'symlink' && !isRun(reference)) continue;
    const kind = site.kind === 'symlink' ? 'link' : 'interpreter';
    const before = paths.get(`${kind} ${path}`);
    paths.set(`${kind} ${path}`, { path, kind, count: (before?.count ?? 0) + 1, example: before?.example ?? file });
  }
  return [...paths.values()];
}

function byPath(a: OutsidePath, b: OutsidePath): number {
  return compareBytes(a.path, b.path) || compareBytes(a.kind, b.kind);
}
