/** What a target must offer for what is packed: the platform of native code, Pythons outside the tree, other paths outside. */
import { readInterpreter, type OutsideLink } from '../formats/interpreters.ts';
import { compareBytes } from '../formats/byte-text.ts';
import type { FileEntry, Interpreter, ManifestEntry, OutsidePath, Requirements } from '../model/manifest.ts';
import { baseName, dirName, isInside, joinTree, type TreePath } from '../model/path.ts';
import { PLACEHOLDER } from '../model/plan.ts';
import type { Reference } from '../model/reference.ts';
import type { Scan } from '../model/scan.ts';
import type { Contents } from './pack-contents.ts';
import { NativeCode } from './pack-native.ts';

/** A pyvenv.cfg is a handful of lines; what is larger is none. */
const CONFIG_LIMIT = 64 * 1024;

/** Gathers them from the entries of a pack, as those are listed. */
export class RequirementsTally {
  readonly #scan: Scan;
  readonly #contents: Contents;
  readonly #native: NativeCode;
  readonly #configs: FileEntry[] = [];
  /** Symlinks with an absolute target in folders named `bin`, by their folder. */
  readonly #outsideLinks = new Map<TreePath, OutsideLink[]>();

  constructor(scan: Scan, contents: Contents) {
    this.#scan = scan;
    this.#contents = contents;
    this.#native = new NativeCode(scan);
  }

  add(entry: ManifestEntry): void {
    this.#native.add(entry);
    if (entry.type === 'symlink') this.#addSymlink(entry.path, entry.target);
    if (entry.type === 'file' && baseName(entry.path) === 'pyvenv.cfg' && entry.size <= CONFIG_LIMIT)
      this.#configs.push(entry);
  }

  requirements(): Requirements {
    const { loaders, ...native } = this.#native.needs();
    const interpreters = this.#configs.map((config) => this.#interpreterOf(config)).filter((each) => each !== null);
    const known = new Set(interpreters.flatMap(({ program, home }) => [program, home]));
    return { ...native, interpreters, outside: [...outsidePaths(this.#scan, known), ...loaders].sort(byPath) };
  }

  #addSymlink(path: TreePath, target: string): void {
    const folder = dirName(path);
    if (!target.startsWith('/') || baseName(folder) !== 'bin') return;
    const known = this.#outsideLinks.get(folder);
    if (known === undefined) this.#outsideLinks.set(folder, [{ path, target }]);
    else known.push({ path, target });
  }

  #interpreterOf({ path, size, sha256 }: FileEntry): Interpreter | null {
    const { prefixes } = this.#scan;
    const isOurs = (place: string): boolean =>
      place.includes(PLACEHOLDER) || prefixes.some((prefix) => isInside(place, prefix.path));
    const pieces = [...this.#contents.fileOf(path, size, sha256).pieces()].map((piece) => Buffer.from(piece));
    const links = this.#outsideLinks.get(joinTree(dirName(path), 'bin')) ?? [];
    return readInterpreter(path, Buffer.concat(pieces), links, isOurs);
  }
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
