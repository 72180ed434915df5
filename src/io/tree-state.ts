/** Looks at a tree for its state: takes it anew, or compares it with one that was kept. Opens no file. */
import { constants, lstatSync, readdirSync } from 'node:fs';
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { RecordReader } from '../formats/record-reader.ts';
import { StateBuilder, type NamedNumbers, type TakenState } from '../formats/state-builder.ts';
import {
  folderCount,
  isSame,
  NUMBERS,
  type EntryNumbers,
  type FolderState,
  type NewRecords,
  type TreeState,
} from '../formats/tree-state.ts';
import { timesAt } from './file-systems.ts';
import { asTreePath, type AbsolutePath, type TreePath } from '../model/path.ts';

/**
 * What the clock of a file system may lag behind, and the coarsest of its times (FAT: 2 s): a file that was written so shortly before a scan
 * may be written again while it runs, and show the same time.
 */
const GRANULARITY = 2000;

const { S_IFLNK, S_IFMT } = constants;
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * Takes the state of the tree at `root`; its records go to `records`. What `leavesOut` names is not looked at. What can't be looked at, lies on
 * a file system whose times say too little, or was written since `startedAt` (milliseconds) or just before, counts as changed ever after.
 */
export function takeState(
  root: AbsolutePath,
  leavesOut: (path: TreePath) => boolean,
  startedAt: number,
  records: NewRecords,
): TakenState {
  const builder = new StateBuilder(records, startedAt - GRANULARITY);
  const look = trustedLook();
  const above = aboveNames(root);
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const inside = folder === '' ? '' : `${folder}/`;
    const entries: NamedNumbers[] = [];
    const others: string[] = [];
    let numbers = look(above + folder, above + folder);
    try {
      for (const entry of readdirSync(placeOf(above + folder), { encoding: 'latin1', withFileTypes: true })) {
        const { name } = entry;
        const isLeftOut = leavesOut(treePathOf(inside + name));
        if (!isLeftOut && !entry.isDirectory()) {
          entries.push({ name, numbers: look(above + inside + name, above + folder) });
          continue;
        }
        others.push(name);
        if (!isLeftOut) pending.push(inside + name);
      }
    } catch {
      numbers = null;
    }
    // as a walk gives them
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    builder.add(folder, numbers, entries, others);
  }
  return builder.build();
}

/** Looks at a path in a folder. Null where it can't, or the times on its device say too little, which is asked where a device is first met. */
function trustedLook(): (path: string, folder: string) => EntryNumbers | null {
  const devices = new Map<number, boolean>();
  return (path, folder) => {
    const numbers = tryLook(path);
    if (numbers === null) return null;
    const { dev, mode } = numbers;
    const known = devices.get(dev);
    // what a symlink leads to may be on another device
    const is = known ?? timesAt(placeOf((mode & S_IFMT) === S_IFLNK ? folder : path)) !== 'none';
    if (known === undefined) devices.set(dev, is);
    return is ? numbers : null;
  };
}

/** How a check of a state is shared by threads. */
export interface StateCheck {
  readonly root: AbsolutePath;
  /** The device whose folders show by their times that names came or went; null: names are read. */
  readonly device: number | null;
  /** Shared: the next folder to look at, and whether something has changed. */
  readonly control: Int32Array;
}

const NEXT = 0;
const CHANGED = 1;
/** Folders that a thread takes at a time. */
const STEP = 16;

export function newCheck(root: AbsolutePath): StateCheck {
  return { root, device: deviceWithFolderTimes(root), control: new Int32Array(new SharedArrayBuffer(8)) };
}

/** What a check needs of a state. */
export type KnownState = Pick<TreeState, 'folders' | 'records'>;

/**
 * Looks at folders until none is left or something has changed. Several threads may do so at once; each tells what it knows. Records need
 * not be right, the table must be.
 */
export function checkState(state: KnownState, { root, device, control }: StateCheck): boolean {
  const count = folderCount(state.folders);
  const above = aboveNames(root);
  const reader = new RecordReader(state);
  for (let from = Atomics.add(control, NEXT, STEP); from < count; from = Atomics.add(control, NEXT, STEP)) {
    const end = Math.min(count, from + STEP);
    for (let index = from; index < end; index++) {
      if (Atomics.load(control, CHANGED) === 1) return false;
      if (isAsRead(() => reader.folderAt(index, end), above, device)) continue;
      Atomics.store(control, CHANGED, 1);
      return false;
    }
  }
  return Atomics.load(control, CHANGED) === 0;
}

function isAsRead(read: () => FolderState, above: string, device: number | null): boolean {
  try {
    return isFolderSame(read(), above, device);
  } catch {
    // what can't be looked at could be when the state was taken; what can't be read is no state
    return false;
  }
}

function isFolderSame(
  { path, names, isAscii, entries, numbers, at }: FolderState,
  above: string,
  device: number | null,
): boolean {
  // known of the folder, not asked of each path
  const lookAt = isAscii && !NOT_ASCII.test(above) ? lookAtText : look;
  const folder = lookAt(above + path);
  if (folder === undefined || !isSame(numbers, at, folder)) return false;
  if (folder.dev !== device && !hasNames(above + path, names)) return false;
  const inside = path === '' ? above : `${above}${path}/`;
  for (let i = 0; i < entries; i++) {
    const now = lookAt(inside + (names[i] ?? ''));
    if (now === undefined || !isSame(numbers, at + (1 + i) * NUMBERS, now)) return false;
  }
  return true;
}

function hasNames(folder: string, names: readonly string[]): boolean {
  const now = readdirSync(placeOf(folder), 'latin1');
  return now.length === names.length && now.sort().join('/') === [...names].sort().join('/');
}

/** The root as the beginning of a path, one character a byte. */
function aboveNames(root: AbsolutePath): string {
  return root === '/' ? root : `${encodeBytes(root).toString('latin1')}/`;
}

const LOOK = { throwIfNoEntry: false } as const;

function look(path: string): EntryNumbers | undefined {
  return lookAtText(placeOf(path));
}

/** Of a path that is text as it is. */
function lookAtText(path: string | Buffer): EntryNumbers | undefined {
  return lstatSync(path, LOOK);
}

function tryLook(path: string): EntryNumbers | null {
  try {
    return look(path) ?? null;
  } catch {
    return null;
  }
}

function placeOf(path: string): string | Buffer {
  return NOT_ASCII.test(path) ? Buffer.from(path, 'latin1') : path;
}

function treePathOf(path: string): TreePath {
  return asTreePath(NOT_ASCII.test(path) ? decodeBytes(Buffer.from(path, 'latin1')) : path);
}

function deviceWithFolderTimes(root: AbsolutePath): number | null {
  try {
    const place = encodeBytes(root);
    return timesAt(place) === 'all' ? lstatSync(place).dev : null;
  } catch {
    return null;
  }
}
