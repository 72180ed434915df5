/** What a target must offer for what is packed: the platform of native code, Pythons outside the tree, other paths outside. */
import { readInterpreter, type OutsideLink } from '../formats/interpreters.ts';
import { compareBytes } from '../formats/byte-text.ts';
import { baseName, dirName, isInside, joinTree, type TreePath } from '../model/path.ts';
import { PLACEHOLDER } from '../model/plan.ts';
import type { Interpreter, OutsidePath, Requirements } from '../model/requirements.ts';
import type { FoundFile } from '../model/scan.ts';
import type { Listed } from './pack-entries.ts';
import { NativeCode } from './pack-native.ts';
import type { PackScan } from './pack-scan.ts';
import type { PackedFile } from './packed-files.ts';

/** A pyvenv.cfg is a handful of lines; what is larger is none. */
const CONFIG_LIMIT = 64 * 1024;

/** Gathers them from the entries of a pack, as those are listed. */
export class RequirementsTally {
  readonly #scan: PackScan;
  readonly #native: NativeCode;
  /** Every pyvenv.cfg. */
  readonly #configs: { readonly path: TreePath; readonly file: PackedFile }[] = [];
  /** Symlinks with an absolute target in folders named `bin`, by their folder. */
  readonly #outsideLinks = new Map<TreePath, OutsideLink[]>();

  /** Other paths outside, with how often they are named. */
  readonly #outside = new Map<string, OutsidePath>();

  constructor(scan: PackScan) {
    this.#scan = scan;
    this.#native = new NativeCode(scan);
  }

  /** Takes what was found in a file, in order. */
  addFound({ file, facts, references }: FoundFile): void {
    // the kernel reads the first line of what can be run, and of nothing else
    const isProgram = ((facts?.mode ?? 0) & 0o111) !== 0;
    for (const { code, scope, fix, site, path, prefix } of references) {
      if (scope !== 'outside' || fix !== 'none' || prefix !== null) continue;
      if (site.kind !== 'symlink' && !(code === 'RL103' && isProgram)) continue;
      const kind = site.kind === 'symlink' ? 'link' : 'interpreter';
      const before = this.#outside.get(`${kind} ${path}`);
      const count = (before?.count ?? 0) + 1;
      this.#outside.set(`${kind} ${path}`, { path, kind, count, example: before?.example ?? file });
    }
  }

  /** Takes an entry that is packed. */
  add({ entry, file }: Listed): void {
    this.#native.add(entry);
    if (entry.type === 'symlink') this.#addSymlink(entry.path, entry.target);
    if (file !== null && baseName(entry.path) === 'pyvenv.cfg' && file.size <= CONFIG_LIMIT)
      this.#configs.push({ path: entry.path, file });
  }

  requirements(): Requirements {
    const { loaders, ...native } = this.#native.needs();
    const interpreters = this.#configs
      .map(({ path, file }) => this.#interpreterOf(path, file))
      .filter((each) => each !== null);
    const known = new Set(interpreters.flatMap(({ program, home }) => [program, home]));
    const outside = [...this.#outside.values()].filter(({ path }) => !known.has(path));
    return { ...native, interpreters, outside: [...outside, ...loaders].sort(byPath) };
  }

  #addSymlink(path: TreePath, target: string): void {
    const folder = dirName(path);
    if (!target.startsWith('/') || baseName(folder) !== 'bin') return;
    const known = this.#outsideLinks.get(folder);
    if (known === undefined) this.#outsideLinks.set(folder, [{ path, target }]);
    else known.push({ path, target });
  }

  #interpreterOf(path: TreePath, file: PackedFile): Interpreter | null {
    const { prefixes } = this.#scan;
    const isOurs = (place: string): boolean =>
      place.includes(PLACEHOLDER) || prefixes.some((prefix) => isInside(place, prefix.path));
    const pieces = [...file.pieces()].map((piece) => Buffer.from(piece));
    const links = this.#outsideLinks.get(joinTree(dirName(path), 'bin')) ?? [];
    return readInterpreter(path, Buffer.concat(pieces), links, isOurs);
  }
}

function byPath(a: OutsidePath, b: OutsidePath): number {
  return compareBytes(a.path, b.path) || compareBytes(a.kind, b.kind);
}
