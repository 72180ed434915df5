/** Makes batches for the threads: first every file by its name; then, when all names are known, what had to wait for them. */
import { compareBytes } from '../formats/byte-text.ts';
import { joinHits, type PackedHits } from '../formats/packed-hits.ts';
import { FileNames } from '../io/file-names.ts';
import { isLibraryName } from '../io/file-scan.ts';
import { LARGE_FILE } from '../io/scan-pool.ts';
import {
  placesIn,
  type Batch,
  type BatchAnswer,
  type ClaimTask,
  type LargeFile,
  type RangeResult,
  type SeenFile,
} from '../io/scan-tasks.ts';
import type { Entry } from '../model/entry.ts';
import { dirName, type TreePath } from '../model/path.ts';
import { MarkedFolders } from './marked-folders.ts';

const BATCH_FILES = 256;
/** Files whose hits are claimed in one batch: they may be large. */
const BATCH_CLAIMS = 16;

/** A file with something to claim, or a large one, under all the names that were seen so far. */
interface Group {
  readonly names: TreePath[];
  /** Of its first name in byte order. */
  key: number;
  readonly seen: SeenFile;
  /** Null where there is nothing to claim. */
  hits: PackedHits | null;
  /** Of a large file. */
  readonly ranges: RangeResult[];
}

export class ScanQueue {
  #files: TreePath[] = [];
  #keys: number[] = [];
  readonly #large: Batch[] = [];
  readonly #groups = new Map<string, Group>();
  /** Of files that have other names, and nothing to claim so far. */
  readonly #plain = new FileNames();
  readonly #ranged = new Map<TreePath, Group>();
  readonly #links: TreePath[] = [];
  readonly #marked = new MarkedFolders();
  readonly #splits: boolean;

  /** `splits`: large files are searched in ranges, by several threads at once. */
  constructor(splits: boolean) {
    this.#splits = splits;
  }

  /** Told before of what is in the folder. */
  mark(folder: TreePath): void {
    this.#marked.mark(folder);
  }

  /** `key`: how many entries came before it. */
  add(entry: Entry, key: number): void {
    if (entry.unreadable !== undefined) return;
    if (entry.type === 'symlink' && isLibraryName(entry.path)) this.#links.push(entry.path);
    if (entry.type !== 'file') return;
    this.#files.push(entry.path);
    this.#keys.push(key);
    this.#marked.addFile(entry.path);
  }

  /** Batches that are full, or all there are. */
  *batches(which: 'full' | 'all'): Generator<Batch> {
    for (let batch = this.#large.pop(); batch !== undefined; batch = this.#large.pop()) yield batch;
    if (this.#files.length < (which === 'all' ? 1 : BATCH_FILES)) return;
    const batch = { tasks: this.#files, keys: this.#keys, marked: this.#marked.take() };
    this.#files = [];
    this.#keys = [];
    yield batch;
  }

  get hasMore(): boolean {
    return this.#files.length + this.#large.length > 0;
  }

  /** Keeps what has to wait. Gives the files among it, and their bytes; each file once, whatever names it has. */
  addAnswer(
    { waiting, large, ranges }: BatchAnswer,
    { tasks, keys }: Batch,
  ): { readonly files: number; readonly bytes: number } {
    const sum = { files: 0, bytes: 0 };
    const placeOf = placesIn(tasks);
    const keyOf = (path: TreePath): number => keys[placeOf(path)] ?? 0;
    for (const { hits, ...file } of waiting) {
      const key = keyOf(file.path);
      const isNew = hits === null ? this.#addPlain(file, key) : this.#addFound(file, key, hits);
      if (!isNew || file.inode === null) continue;
      sum.files++;
      sum.bytes += file.seen.size;
    }
    for (const file of large) {
      const key = keyOf(file.path);
      if (!this.#splits)
        this.#large.push({ tasks: [{ kind: 'large-file', path: file.path }], keys: [key], marked: null });
      else if (this.#split(file, key)) sum.files++;
    }
    for (const range of ranges) this.#ranged.get(range.path)?.ranges.push(range);
    return sum;
  }

  /** Whether the file was not seen under another name. */
  #addPlain({ path, inode }: LargeFile, key: number): boolean {
    const group = this.#groups.get(inode ?? path);
    if (group === undefined) return inode === null || this.#plain.add(inode, { path, key });
    addName(group, path, key);
    return false;
  }

  /** The same. */
  #addFound(file: LargeFile, key: number, hits: PackedHits): boolean {
    const { group, isNew } = this.#groupOf(file, key);
    group.hits ??= hits;
    return isNew;
  }

  #groupOf({ path, inode, seen }: LargeFile, key: number): { readonly group: Group; readonly isNew: boolean } {
    const known = this.#groups.get(inode ?? path);
    if (known !== undefined) {
      addName(known, path, key);
      return { group: known, isNew: false };
    }
    const group: Group = { names: [path], key, seen, hits: null, ranges: [] };
    const others = inode === null ? [] : this.#plain.take(inode);
    for (const other of others) addName(group, other.path, other.key);
    this.#groups.set(inode ?? path, group);
    return { group, isNew: others.length === 0 };
  }

  /** The same. */
  #split(file: LargeFile, key: number): boolean {
    const { group, isNew } = this.#groupOf(file, key);
    if (!isNew) return false;
    const { path, seen } = file;
    this.#ranged.set(path, group);
    for (let from = 0; from < seen.size; from += LARGE_FILE) {
      const to = Math.min(seen.size, from + LARGE_FILE);
      this.#large.push({ tasks: [{ kind: 'range', path, size: seen.size, from, to }], keys: [key], marked: null });
    }
    return true;
  }

  /** All names of each file that has several, sorted. */
  *names(): Generator<readonly TreePath[]> {
    for (const { names } of this.#groups.values()) if (names.length > 1) yield names.sort(compareBytes);
    for (const names of this.#plain.all()) if (names.length > 1) yield names.map(({ path }) => path).sort(compareBytes);
  }

  /** Ends what lies on the disk. */
  close(): void {
    this.#plain.close();
  }

  /**
   * What there is to claim in the files that waited.
   * @param realPath the real path of a tree path; null where it leaves the tree or is not there
   */
  *claims(realPath: (path: TreePath) => TreePath | null): Generator<Batch> {
    const links = this.#linksByTarget(realPath);
    let tasks: ClaimTask[] = [];
    let keys: number[] = [];
    for (const group of this.#groups.values()) {
      const hits = hitsOf(group);
      const [path, ...aliases] = group.names.sort(compareBytes);
      if (hits === null || path === undefined) continue;
      const leading = group.names.flatMap((name) => links.get(name) ?? []);
      tasks.push({ kind: 'claim', path, aliases, links: leading, seen: group.seen, hits });
      keys.push(group.key);
      if (tasks.length < BATCH_CLAIMS) continue;
      yield { tasks, keys, marked: null };
      tasks = [];
      keys = [];
    }
    if (tasks.length > 0) yield { tasks, keys, marked: null };
  }

  /** Links that lead to a file in another folder, by its real path. */
  #linksByTarget(realPath: (path: TreePath) => TreePath | null): ReadonlyMap<TreePath, readonly TreePath[]> {
    const links = new Map<TreePath, TreePath[]>();
    for (const link of this.#links) {
      const target = realPath(link);
      if (target === null || dirName(target) === realPath(dirName(link))) continue;
      const others = links.get(target);
      if (others === undefined) links.set(target, [link]);
      else others.push(link);
    }
    return links;
  }
}

function addName(group: Group, path: TreePath, key: number): void {
  group.names.push(path);
  group.key = Math.min(group.key, key);
}

/** Null where there is nothing to claim. Of a large file with several names the ranges asked the rules about one of them only. */
function hitsOf({ names, hits, ranges }: Group): PackedHits | null {
  if (ranges.length === 0) return hits;
  // they are not needed any more
  const searched = ranges.splice(0).sort((a, b) => a.from - b.from);
  const found = joinHits(searched.map((range) => range.hits));
  return found.length > 0 || names.length > 1 || searched.some(({ isInteresting }) => isInteresting) ? found : null;
}
