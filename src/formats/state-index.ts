/** Finds entries of a state by their paths; quick where paths come folder by folder, as a walk gives them. */
import { encodeBytes } from './byte-text.ts';
import { partitionPoint } from './partition-point.ts';
import {
  decodeFolder,
  folderCount,
  hashAt,
  hashOfPath,
  NUMBERS,
  recordEnd,
  recordMemory,
  recordStart,
  type FolderState,
  type TreeState,
} from './tree-state.ts';
import { baseName, dirName, type TreePath } from '../model/path.ts';

const NOT_ASCII = /[^\0-\x7f]/;
/** Folders that are remembered: a walk comes back to those above, answers come from the folders before. */
const REMEMBERED = 8;

/** An entry that was found. */
export interface FoundEntry {
  /** Which it is, in the order of the records. */
  readonly entry: number;
  /** Its numbers, from `at` on. */
  readonly numbers: Float64Array;
  readonly at: number;
}

export class StateIndex {
  readonly #state: TreeState;
  /** All folders, in the order of the hashes of their paths. */
  readonly #byHash: Uint32Array;
  /** Those that were entered last, the last one first. */
  readonly #entered: FolderState[] = [];
  #next = 0;

  constructor(state: TreeState) {
    this.#state = state;
    this.#byHash = new Uint32Array(folderCount(state.folders))
      .map((_, index) => index)
      .sort((a, b) => hashAt(state.folders, a) - hashAt(state.folders, b));
  }

  /** Which entry a path is; null for none. */
  find(path: TreePath): FoundEntry | null {
    const folder = this.#enter(latin1Of(dirName(path)));
    if (folder === null) return null;
    const { names, firstEntry, entries, numbers } = folder;
    const name = latin1Of(baseName(path));
    const at = names[this.#next] === name ? this.#next : placeIn(names, entries, name);
    if (at >= entries || names[at] !== name) return null;
    this.#next = at + 1;
    return { entry: firstEntry + at, numbers, at: folder.at + (1 + at) * NUMBERS };
  }

  isQuiet({ entry }: FoundEntry): boolean {
    return this.#state.quiet[entry] === 1;
  }

  setQuiet({ entry }: FoundEntry): void {
    this.#state.quiet[entry] = 1;
  }

  #enter(path: string): FolderState | null {
    const known = this.#entered.findIndex((folder) => folder.path === path);
    const folder = known < 0 ? this.#read(path) : (this.#entered[known] ?? null);
    if (folder === null || known === 0) return folder;
    this.#entered.splice(known < 0 ? REMEMBERED - 1 : known, 1);
    this.#entered.unshift(folder);
    this.#next = 0;
    return folder;
  }

  #read(path: string): FolderState | null {
    const { folders, records } = this.#state;
    const hash = hashOfPath(path);
    const hashOf = (place: number): number => hashAt(folders, this.#byHash[place] ?? 0);
    const first = partitionPoint(this.#byHash.length, (place) => hashOf(place) < hash);
    for (let place = first; place < this.#byHash.length && hashOf(place) === hash; place++) {
      const index = this.#byHash[place] ?? 0;
      const start = recordStart(folders, index);
      const memory = recordMemory(recordEnd(folders, index) - start);
      records.read(start, memory.bytes);
      const folder = decodeFolder(folders, index, memory, 0);
      if (folder.path === path) return folder;
    }
    return null;
  }
}

/** The size of an entry that is trusted and has the same numbers in another state; null where it has not. */
export function sameSize(left: FoundEntry, right: FoundEntry): number | null {
  for (let i = 0; i < NUMBERS; i++) if (left.numbers[left.at + i] !== right.numbers[right.at + i]) return null;
  return left.numbers[left.at + 3] ?? null;
}

/** Where a name stands among the first `count`, which are sorted, or would stand. */
function placeIn(names: readonly string[], count: number, name: string): number {
  return partitionPoint(count, (index) => (names[index] ?? '') < name);
}

function latin1Of(path: string): string {
  return NOT_ASCII.test(path) ? encodeBytes(path).toString('latin1') : path;
}
