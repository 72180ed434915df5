/** Reads records of a state in runs: those that lie one behind the other and are not many bytes take one call of the system. */
import {
  decodeFolder,
  recordEnd,
  recordMemory,
  recordStart,
  type FolderState,
  type RecordMemory,
  type TreeState,
} from './tree-state.ts';

/** Bytes of a run, unless one record alone has more. */
const RUN = 256 * 1024;

export class RecordReader {
  readonly #state: Pick<TreeState, 'folders' | 'records'>;
  #memory: RecordMemory = recordMemory(RUN);
  #runStart = 0;
  #runEnd = 0;

  constructor(state: Pick<TreeState, 'folders' | 'records'>) {
    this.#state = state;
  }

  /** A folder; what it says is valid until the next is asked for. `end`: before which folder a run that begins with it ends. */
  folderAt(index: number, end: number): FolderState {
    const { folders } = this.#state;
    const start = recordStart(folders, index);
    if (start < this.#runStart || recordEnd(folders, index) > this.#runEnd) this.#read(index, end);
    return decodeFolder(folders, index, this.#memory, start - this.#runStart);
  }

  #read(index: number, end: number): void {
    const { folders, records } = this.#state;
    const start = recordStart(folders, index);
    let last = end - 1;
    while (last > index && recordEnd(folders, last) - start > RUN) last--;
    const runEnd = recordEnd(folders, last);
    if (runEnd - start > this.#memory.bytes.length) this.#memory = recordMemory(runEnd - start);
    records.read(start, this.#memory.bytes.subarray(0, runEnd - start));
    this.#runStart = start;
    this.#runEnd = runEnd;
  }
}
