/** walk: every path of a tree once, in byte order of the whole path, with inode and link target. Follows no symlink. */
import { errorCode, readEntry, sortedListing, textOf, type Listed } from '../io/entries.ts';
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

/** A folder that is being walked. */
interface Level {
  readonly path: TreePath;
  readonly listing: readonly Listed[];
  /** How much of the listing was yielded. */
  done: number;
  /** Folders of it that were yielded and not entered: `name/` sorts behind `name-2`. The last is entered first. */
  readonly folders: Folder[];
}

interface Folder {
  /** Its name as it counts for the order of what is in it. */
  readonly key: string;
  readonly entry: Entry;
  readonly place: number;
}

/**
 * Walks the tree at `root`, which must exist and be a folder. The root itself is not among the entries. An entry that vanishes
 * meanwhile is left out; a folder that can't be read is yielded a second time, marked `unreadable`, in place of its contents.
 */
export function* walk(root: AbsolutePath, options: WalkOptions = {}): Generator<Walked> {
  const levels = [levelAt(root, asTreePath(''), options)];
  let place = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const next = level.listing[level.done];
    const folder = level.folders.at(-1);
    if (folder !== undefined && (next === undefined || folder.key < next.name)) {
      level.folders.pop();
      const inside = tryLevelAt(root, folder.entry.path, options);
      if (typeof inside !== 'string') levels.push(inside);
      else {
        yield { ...folder.entry, place: folder.place, unreadable: inside };
        place++;
      }
    } else if (next === undefined) levels.pop();
    else {
      level.done++;
      const entry = entryIn(root, level.path, next, options);
      if (entry === null) continue;
      if (entry.type === 'directory' && entry.unreadable === undefined)
        level.folders.push({ key: `${next.name}/`, entry, place });
      yield entry;
      place++;
    }
  }
}

/** Null for what is left out, or has vanished. */
function entryIn(root: AbsolutePath, folder: TreePath, listed: Listed, options: WalkOptions): Entry | null {
  const name = textOf(listed.name);
  const path = asTreePath(folder === '' ? name : `${folder}/${name}`);
  if (folder === '' && isOwnRecord(path)) return null;
  const by = options.exclude?.(path) ?? null;
  if (by !== null) {
    options.onExcluded?.({ path, by });
    return null;
  }
  if (options.isNamesOnly === true) {
    if (listed.isFile()) return nameOnly(path, 'file');
    if (listed.isDirectory()) return nameOnly(path, 'directory');
  }
  return tryReadEntry(root, path);
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

function tryLevelAt(root: AbsolutePath, folder: TreePath, options: WalkOptions): Level | string {
  try {
    return levelAt(root, folder, options);
  } catch (error) {
    return errorCode(error);
  }
}

function levelAt(root: AbsolutePath, path: TreePath, { marks }: WalkOptions): Level {
  const listing = sortedListing(root, path);
  if (marks !== undefined && listing.some(({ name }) => marks.names.has(textOf(name)))) marks.onMarked(path);
  return { path, listing, done: 0, folders: [] };
}
