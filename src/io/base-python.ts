/** Finds the Python that an environment stands on, on this host: the program itself, and its standard library by CPython's landmark. */
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { isElf } from '../formats/elf.ts';
import { asAbsolutePath, baseName, isInside, joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import { errorCode, hostPath } from './entries.ts';
import { lookAt } from './look.ts';
import { readHead } from './pieces.ts';

/** A Python of this host. */
export interface BasePython {
  /** The real path of the program, and its name: `python3.11`. */
  readonly program: AbsolutePath;
  readonly name: string;
  /** `sys.prefix`, and the standard library relative to it: `lib/python3.11`. */
  readonly prefix: AbsolutePath;
  readonly library: string;
}

/** The links of an environment's `bin` by which it is run. */
export interface EnvironmentLinks {
  /** The program to which all of them lead. */
  readonly program: AbsolutePath;
  /** Names of those whose text leads out of the tree. */
  readonly outside: readonly string[];
}

const PYTHON_NAME = /^python(?:\d+(?:\.\d+)?t?)?$/;

/**
 * Reads the links of the environment at `bin`, a folder of the tree at `root`.
 * @returns null where they stay in the tree; why it can't be run by another Python, where that is so: words that go on behind its path
 */
export function readEnvironmentLinks(root: AbsolutePath, bin: TreePath): EnvironmentLinks | string | null {
  const names = namesIn(joinAbsolute(root, bin)).filter((name) => PYTHON_NAME.test(name));
  if (names.length === 0) return 'holds no python';
  const outside: string[] = [];
  const programs = new Set<AbsolutePath>();
  for (const name of names) {
    const place = joinAbsolute(root, `${bin}/${name}`);
    if (lookAt(encodeBytes(place))?.isSymbolicLink() !== true)
      return `holds ${name} as a copy, which finds its base by pyvenv.cfg alone; make the environment with symlinks`;
    const program = realPath(place);
    if (program === null) return `has a link ${name} whose target is not on this host`;
    programs.add(program);
    const target = decodeBytes(readlinkSync(hostPath(root, `${bin}/${name}`), { encoding: 'buffer' }));
    if (target.startsWith('/') || target.startsWith('../')) outside.push(name);
  }
  const [program] = programs;
  if (program === undefined || programs.size > 1) return 'leads to several Pythons';
  return isInside(program, root) ? null : { program, outside };
}

/**
 * A Python by its program: `lib/pythonX.Y/os.py` in a folder above it is how CPython finds its prefix too (Modules/getpath.py).
 * @returns why it can't come along, where that is so
 */
export function findBasePython(program: AbsolutePath): BasePython | string {
  if (!isElf(readHead(encodeBytes(program), 4))) return `${program} is no ELF program`;
  const name = baseName(program);
  const version = /^python(3\.\d+t?)/.exec(name)?.[1];
  let folder = program.slice(0, -name.length - 1);
  while (folder !== '') {
    const prefix = asAbsolutePath(folder.slice(0, folder.lastIndexOf('/')) || '/');
    for (const lib of ['lib', 'lib64']) {
      const libraries = namesIn(joinAbsolute(prefix, lib)).filter(
        (entry) =>
          /^python3\.\d+t?$/.test(entry) &&
          (version === undefined || entry === `python${version}`) &&
          lookAt(encodeBytes(joinAbsolute(prefix, `${lib}/${entry}/os.py`)))?.isFile() === true,
      );
      const [only] = libraries;
      if (only !== undefined && libraries.length === 1) return { program, name, prefix, library: `${lib}/${only}` };
    }
    folder = folder.slice(0, folder.lastIndexOf('/'));
  }
  return `no standard library was found for ${program}`;
}

/** The real path of a place of the host; null for nothing. */
export function realPath(place: AbsolutePath): AbsolutePath | null {
  try {
    return asAbsolutePath(decodeBytes(realpathSync.native(encodeBytes(place), { encoding: 'buffer' })));
  } catch {
    return null;
  }
}

/** Names in a folder of the host; none where there is no such folder. */
export function namesIn(folder: AbsolutePath): string[] {
  try {
    return readdirSync(encodeBytes(folder), { encoding: 'buffer' })
      .map((name) => decodeBytes(name))
      .sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
    throw error;
  }
}
