/** Tells what builds left behind from what belongs to the tree, by the marks of build folders. When in doubt it belongs to the tree. */
import { asTreePath, baseName, dirName, joinTree, type TreePath } from '../model/path.ts';
import { BUILD_KINDS, RECORDS, type BuildKind } from './build-kinds.ts';
import type { RuleContext } from './rule.ts';

export interface Debris {
  /** `a CMake build`. */
  readonly name: string;
  readonly again: string;
  /** The folder of the build; the file itself where it is known by its name alone. */
  readonly root: TreePath;
}

type Surroundings = Pick<RuleContext, 'namesIn' | 'typeOf' | 'peek'>;

/** What has a life of its own within a build folder: nothing in it is debris of the build around it. */
const OWN_LIFE = ['pyvenv.cfg', 'conda-meta', '.installed.cfg', '.git'];

interface Folder {
  readonly kind: BuildKind | null;
  readonly isApart: boolean;
  readonly hasOwnLife: boolean;
}

/** Of which build a path is debris; null for what is none. Of a folder that is a build's alone: the folder itself too. */
export function debrisOf(path: TreePath, context: Surroundings): Debris | null {
  const record = RECORDS.find(({ made }) => made.test(path));
  if (record !== undefined) return { name: record.name, again: record.again, root: path };
  if (path.endsWith('.d') && isDependencyFile(context.peek(path, 512)))
    return { name: 'a build by make', again: 'build it anew', root: path };
  return debrisOfFolder(path, context);
}

/** Looks from the path upwards: the build folder that is nearest decides, and a whole one above it. */
function debrisOfFolder(path: TreePath, context: Surroundings): Debris | null {
  let found: Debris | null = null;
  const isFolder = context.typeOf(path) === 'directory';
  for (let folder = isFolder ? path : dirName(path); folder !== ''; folder = dirName(folder)) {
    const { kind, isApart, hasOwnLife } = folderAt(folder, context);
    if (kind !== null && isApart) return { name: kind.name, again: kind.again, root: folder };
    if (kind !== null && folder !== path) found ??= madeBeside(path, folder, kind, context);
    if (hasOwnLife) return found;
  }
  const top = folderAt(asTreePath(''), context);
  if (found !== null || top.kind === null) return found;
  return madeBeside(path, asTreePath(''), top.kind, context);
}

function madeBeside(path: TreePath, root: TreePath, kind: BuildKind, context: Surroundings): Debris | null {
  const below = root === '' ? path : path.slice(root.length + 1);
  const isMade = kind.made.test(below) || (kind.fillsTemplates && hasTemplate(path, context));
  return isMade ? { name: kind.name, again: kind.again, root } : null;
}

/** `Makefile` beside `Makefile.in` (or Python's `Makefile.pre.in`). */
function hasTemplate(path: TreePath, context: Surroundings): boolean {
  const names = namesIn(dirName(path), context);
  return names.has(`${baseName(path)}.in`) || names.has(`${baseName(path)}.pre.in`);
}

const known = new WeakMap<Surroundings, Map<TreePath, Folder>>();

function folderAt(folder: TreePath, context: Surroundings): Folder {
  const folders = known.get(context) ?? new Map<TreePath, Folder>();
  known.set(context, folders);
  const remembered = folders.get(folder);
  if (remembered !== undefined) return remembered;
  const names = namesIn(folder, context);
  const kind = BUILD_KINDS.find(({ isBuild }) => isBuild(names)) ?? null;
  const lives = (inside: ReadonlySet<string>): boolean => OWN_LIFE.some((name) => inside.has(name));
  const hasOwnLife = lives(names);
  const isWhole = (): boolean => ![...names].some((name) => lives(namesIn(joinTree(folder, name), context)));
  const state = { kind, isApart: !hasOwnLife && kind?.isApart(names) === true && isWhole(), hasOwnLife };
  if (folders.size > 10_000) folders.clear();
  folders.set(folder, state);
  return state;
}

function namesIn(folder: TreePath, context: Surroundings): ReadonlySet<string> {
  return new Set(context.namesIn(joinTree(folder)));
}

/** `x.o: x.c /usr/include/…`, as compilers write it for make. */
function isDependencyFile(head: Buffer | null): boolean {
  return head !== null && /^(?:[^\s:\\]|\\.)+\.(?:o|lo|obj|os|Plo|Po)\s*:(?:\s|$)/.test(head.toString('latin1'));
}
