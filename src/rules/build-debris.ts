/** Tells what builds left behind from what belongs to the tree, by the marks of build folders. When in doubt it belongs to the tree. */
import { baseName, dirName, joinTree, type TreePath } from '../model/path.ts';
import { BUILD_KINDS, RECORDS, type BuildKind } from './build-kinds.ts';
import type { RuleContext } from './rule.ts';

export interface Debris {
  /** `a CMake build`. */
  readonly name: string;
  readonly again: string;
  /** The folder of the build; the file itself where it is known by its name alone. */
  readonly root: TreePath;
}

type Surroundings = Pick<RuleContext, 'namesIn' | 'typeOf' | 'peek' | 'markedAround'>;

/** What has a life of its own within a build folder: nothing in it is debris of the build around it. */
const OWN_LIFE = ['pyvenv.cfg', 'conda-meta', '.installed.cfg', '.git'];

/** Names of which every folder has one that is a build's or has a life of its own. */
export const MARKS: ReadonlySet<string> = new Set([...OWN_LIFE, ...BUILD_KINDS.flatMap(({ marks }) => marks)]);

interface Folder {
  readonly kind: BuildKind | null;
  readonly isApart: boolean;
  readonly hasOwnLife: boolean;
}

/** A build that ran in a folder: what lies in it may be debris. */
interface Build {
  readonly kind: BuildKind;
  readonly root: TreePath;
  readonly isApart: boolean;
}

/** Of which build a path is debris; null for what is none. Of a folder that is a build's alone: the folder itself too. */
export function debrisOf(path: TreePath, context: Surroundings): Debris | null {
  if (path === '' || context.typeOf(path) !== 'directory') return debrisOfFile(path, context);
  const record = recordAt(path);
  if (record !== null) return record;
  const { kind, isApart, hasOwnLife } = folderAt(path, context);
  if (kind !== null && isApart) return { name: kind.name, again: kind.again, root: path };
  return hasOwnLife ? null : debrisAmong(buildsAround(dirName(path), context), path, context);
}

/** The same for what is no folder. */
export function debrisOfFile(path: TreePath, context: Surroundings): Debris | null {
  const record = recordAt(path);
  if (record !== null) return record;
  if (path.endsWith('.d') && isDependencyFile(context.peek(path, 512)))
    return { name: 'a build by make', again: 'build it anew', root: path };
  return debrisAmong(buildsAroundFile(path, context), path, context);
}

/** Whether builds ran around a file, so that it may be debris of one although its name is none of a record. */
export function isAmongBuilds(path: TreePath, context: Surroundings): boolean {
  return buildsAroundFile(path, context).length > 0;
}

function recordAt(path: TreePath): Debris | null {
  if (!ANY_RECORD.test(path)) return null;
  const record = RECORDS.find(({ made }) => made.test(path));
  return record === undefined ? null : { name: record.name, again: record.again, root: path };
}

const ANY_RECORD = new RegExp(RECORDS.map(({ made }) => `(?:${made.source})`).join('|'));

/** The build folder that is nearest decides, and a whole one above it. */
function debrisAmong(builds: readonly Build[], path: TreePath, context: Surroundings): Debris | null {
  let found: Debris | null = null;
  for (const { kind, root, isApart } of builds) {
    if (isApart) return { name: kind.name, again: kind.again, root };
    found ??= madeBeside(path, root, kind, context);
  }
  return found;
}

/** As `buildsAround` the folder of a file, but where the walk saw which folders are worth a look. */
function buildsAroundFile(path: TreePath, context: Surroundings): readonly Build[] {
  const marked = context.markedAround(path);
  if (marked === null) return buildsAround(dirName(path), context);
  let builds = NONE;
  for (const folder of marked) {
    const state = folderAt(folder, context);
    const own = buildIn(folder, state);
    if (own !== null) builds = [...builds, own];
    if (state.hasOwnLife) break;
  }
  return builds;
}

const NONE: readonly Build[] = [];

function buildIn(folder: TreePath, { kind, isApart }: Folder): Build | null {
  return kind === null ? null : { kind, root: folder, isApart: isApart && folder !== '' };
}

const around = new WeakMap<Surroundings, Map<TreePath, readonly Build[]>>();

/** The builds whose folder is this one or stands above it, nearest first, up to a folder with a life of its own; few folders have any. */
function buildsAround(folder: TreePath, context: Surroundings): readonly Build[] {
  const known = rememberedOf(around, context);
  const remembered = known.get(folder);
  if (remembered !== undefined) return remembered;
  const state = folderAt(folder, context);
  const own = buildIn(folder, state);
  const above = folder === '' || state.hasOwnLife ? NONE : buildsAround(dirName(folder), context);
  const builds = own === null ? above : [own, ...above];
  known.set(folder, builds);
  return builds;
}

function rememberedOf<V>(all: WeakMap<Surroundings, Map<TreePath, V>>, context: Surroundings): Map<TreePath, V> {
  const known = all.get(context) ?? new Map<TreePath, V>();
  if (known.size === 0) all.set(context, known);
  if (known.size > REMEMBERED) known.clear();
  return known;
}

/** Folders whose state is kept: bounds memory in trees with millions of them. */
const REMEMBERED = 1000;

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
  const folders = rememberedOf(known, context);
  const remembered = folders.get(folder);
  if (remembered !== undefined) return remembered;
  const names = namesIn(folder, context);
  const kind = BUILD_KINDS.find(({ isBuild }) => isBuild(names)) ?? null;
  const lives = (inside: ReadonlySet<string>): boolean => OWN_LIFE.some((name) => inside.has(name));
  const hasOwnLife = lives(names);
  const isWhole = (): boolean => ![...names].some((name) => lives(namesIn(joinTree(folder, name), context)));
  const state = { kind, isApart: !hasOwnLife && kind?.isApart(names) === true && isWhole(), hasOwnLife };
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
