/** Finds entries of a state by their paths; quick where paths come folder by folder, as a walk gives them. */
import { encodeBytes } from './byte-text.ts';
import { partitionPoint } from './partition-point.ts';
import { folderAt, folderCount, NUMBERS, type FolderState, type TreeState } from './tree-state.ts';
import { baseName, dirName, type TreePath } from '../model/path.ts';

const NOT_ASCII = /[^\0-\x7f]/;

export class StateIndex {
  readonly #state: TreeState;
  readonly #folders = new Map<string, number>();
  #last: FolderState = { path: '', names: [], firstEntry: 0, entries: 0 };
  #next = 0;

  constructor(state: TreeState) {
    this.#state = state;
    for (let i = 0; i < folderCount(state); i++) this.#folders.set(folderAt(state, i).path, i);
    this.#enter('');
  }

  /** Which entry a path is; -1 for none. */
  find(path: TreePath): number {
    const folder = latin1Of(dirName(path));
    if (folder !== this.#last.path && !this.#enter(folder)) return -1;
    const { names, firstEntry, entries } = this.#last;
    const name = latin1Of(baseName(path));
    const at = names[this.#next] === name ? this.#next : placeIn(names, entries, name);
    if (at >= entries || names[at] !== name) return -1;
    this.#next = at + 1;
    return firstEntry + at;
  }

  /** The size of an entry that is trusted and has the same numbers in another state; null where it has not. */
  sameSize(entry: number, other: StateIndex, otherEntry: number): number | null {
    const [left, at] = this.#numbersOf(entry);
    const [right, otherAt] = other.#numbersOf(otherEntry);
    for (let i = 0; i < NUMBERS; i++) if (left[at + i] !== right[otherAt + i]) return null;
    return left[at + 3] ?? null;
  }

  isQuiet(entry: number): boolean {
    return this.#state.quiet[entry] === 1;
  }

  setQuiet(entry: number): void {
    this.#state.quiet[entry] = 1;
  }

  #numbersOf(entry: number): readonly [Float64Array, number] {
    return [this.#state.numbers, (folderCount(this.#state) + entry) * NUMBERS];
  }

  #enter(folder: string): boolean {
    const index = this.#folders.get(folder);
    if (index === undefined) return false;
    this.#last = folderAt(this.#state, index);
    this.#next = 0;
    return true;
  }
}

/** Where a name stands among the first `count`, which are sorted, or would stand. */
function placeIn(names: readonly string[], count: number, name: string): number {
  return partitionPoint(count, (index) => (names[index] ?? '') < name);
}

function latin1Of(path: string): string {
  return NOT_ASCII.test(path) ? encodeBytes(path).toString('latin1') : path;
}
