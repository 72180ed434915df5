/** walk: every path of a tree once, in byte order of the whole path, with inode and link target. Follows no symlink. */
import { compareBytes } from '../formats/byte-text.ts';
import { errorCode, readEntry, readNames, type Name } from '../io/entries.ts';
import type { Entry } from '../model/entry.ts';
import { isOwnRecord } from '../model/own-records.ts';
import { asTreePath, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Excluded } from '../model/scan.ts';
import type { Selection } from './selection.ts';

export interface WalkOptions {
  /** Paths to leave out; a folder that is left out is not entered. */
  readonly exclude?: Selection;
  readonly onExcluded?: (excluded: Excluded) => void;
  /** Of files and folders only path and type are wanted: their other fields are 0, and they are not looked at. */
  readonly isNamesOnly?: boolean;
  /** Names to look out for, left out or not; `onMarked` is told of a folder that holds one before anything in it is yielded. */
  readonly marks?: { readonly names: ReadonlySet<string>; readonly onMarked: (folder: TreePath) => void };
}

export interface Walked extends Entry {
  /** Of a folder that is yielded a second time: how many entries came before the first time. */
  readonly place?: number;
}

/** One step of a folder: an entry itself, or (later in byte order, as `name/` sorts) what is in it. */
interface Step {
  readonly key: string;
  readonly path: TreePath;
  readonly type: Name['type'];
  readonly descend: boolean;
}

/**
 * Walks the tree at `root`, which must exist and be a folder. The root itself is not among the entries. An entry that vanishes
 * meanwhile is left out; a folder that can't be read is yielded a second time, marked `unreadable`, in place of its contents.
 */
export function* walk(root: AbsolutePath, options: WalkOptions = {}): Generator<Walked> {
  const pending: Step[][] = [stepsOf(root, asTreePath(''), options)];
  const folders = new Map<TreePath, Required<Pick<Walked, 'place'>> & Entry>();
  let place = 0;
  for (let steps = pending.at(-1); steps !== undefined; steps = pending.at(-1)) {
    const step = steps.pop();
    if (step === undefined) pending.pop();
    else if (step.descend) {
      const folder = folders.get(step.path);
      folders.delete(step.path);
      if (folder === undefined) continue;
      const inside = tryStepsOf(root, step.path, options);
      if (typeof inside !== 'string') pending.push(inside);
      else {
        place++;
        yield { ...folder, unreadable: inside };
      }
    } else {
      const isKnown = options.isNamesOnly === true && step.type !== 'other';
      const entry = isKnown ? nameOnly(step.path, step.type) : tryReadEntry(root, step.path);
      if (entry === null) continue;
      if (entry.type === 'directory' && entry.unreadable === undefined) folders.set(entry.path, { ...entry, place });
      place++;
      yield entry;
    }
  }
}

function tryReadEntry(root: AbsolutePath, path: TreePath): Entry | null {
  try {
    return readEntry(root, path);
  } catch (error) {
    const code = errorCode(error);
    // of an unreadable one nothing is known but its name (`ENAMETOOLONG`, `EACCES` on its folder)
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : { ...nameOnly(path, 'file'), unreadable: code };
  }
}

function nameOnly(path: TreePath, type: 'file' | 'directory'): Entry {
  return {
    path,
    type,
    size: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    mtime: '0',
    device: '0',
    inode: '0',
    links: 1,
    blocks: 0,
  };
}

function tryStepsOf(root: AbsolutePath, folder: TreePath, options: WalkOptions): Step[] | string {
  try {
    return stepsOf(root, folder, options);
  } catch (error) {
    return errorCode(error);
  }
}

/** The steps of a folder, last first (they are taken from the end). */
function stepsOf(root: AbsolutePath, folder: TreePath, options: WalkOptions): Step[] {
  const steps: Step[] = [];
  const before = folder === '' ? '' : `${folder}/`;
  const { marks } = options;
  let isMarked = false;
  for (const { name, type } of readNames(root, folder)) {
    isMarked ||= marks?.names.has(name) === true;
    const path = asTreePath(before + name);
    if (folder === '' && isOwnRecord(path)) continue;
    const by = options.exclude?.(path) ?? null;
    if (by !== null) {
      options.onExcluded?.({ path, by });
      continue;
    }
    steps.push({ key: name, path, type, descend: false });
    if (type === 'directory') steps.push({ key: `${name}/`, path, type, descend: true });
  }
  if (isMarked) marks?.onMarked(folder);
  return steps.sort((a, b) => compareBytes(b.key, a.key));
}
