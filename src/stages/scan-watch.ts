/** Watches a scan for its cache: which files are quiet and need no reading the next time, and what was asked besides. */
import { sameSize, StateIndex } from '../formats/state-index.ts';
import type { TreeState } from '../formats/tree-state.ts';
import { keyOfQuestion, type Asked, type Noting } from '../io/recording-probe.ts';
import { pathOf, type Batch, type BatchAnswer } from '../io/scan-tasks.ts';
import type { Entry } from '../model/entry.ts';
import { asTreePath, dirName, type TreePath } from '../model/path.ts';
import type { Excluded } from '../model/scan.ts';

export class ScanWatch {
  readonly noting: Noting;
  readonly #now: StateIndex;
  readonly #then: StateIndex | null;
  readonly #asked = new Map<string, Asked>();
  #contradicts = false;

  /** `now`: the state before the scan, in which quiet files are marked; `then`: that of an earlier scan for the same prefixes. */
  constructor(noting: Noting, now: TreeState, then: TreeState | null) {
    this.noting = noting;
    this.#now = new StateIndex(now);
    this.#then = then === null ? null : new StateIndex(then);
  }

  /** The size of a file that was quiet and is the same; null for any other entry. */
  quietSize({ type, path }: Pick<Entry, 'type' | 'path'>): number | null {
    if (type !== 'file' || this.#then === null) return null;
    const before = this.#then.find(path);
    if (before === null || !this.#then.isQuiet(before)) return null;
    const entry = this.#now.find(path);
    const size = entry === null ? null : sameSize(before, entry);
    if (entry !== null && size !== null) this.#now.setQuiet(entry);
    return size;
  }

  addAnswer({ quiet, asked }: BatchAnswer, { tasks }: Batch): void {
    for (const index of quiet) {
      const task = tasks[index];
      const entry = task === undefined ? null : this.#now.find(pathOf(task));
      if (entry !== null) this.#now.setQuiet(entry);
    }
    this.addAsked(asked);
  }

  addAsked(asked: readonly Asked[]): void {
    for (const question of asked) {
      const key = keyOfQuestion(question);
      const known = this.#asked.get(key);
      if (known === undefined) this.#asked.set(key, question);
      else if (known.answer !== question.answer) this.#contradicts = true;
    }
  }

  /** What must be asked again; null where two threads were answered differently. */
  asked(excluded: readonly Excluded[]): Asked[] | null {
    if (this.#contradicts) return null;
    const paths = new Set(excluded.map(({ path }) => path));
    return [...this.#asked.values()].filter(({ isSeen, path }) => isSeen !== true || isWithin(asTreePath(path), paths));
  }
}

function isWithin(path: TreePath, folders: ReadonlySet<TreePath>): boolean {
  for (let at = path; at !== ''; at = dirName(at)) if (folders.has(at)) return true;
  return false;
}
