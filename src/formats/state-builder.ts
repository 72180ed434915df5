/** Writes the state of a tree, folder by folder: records go where they are kept as they are made, the table stays in memory. */
import { isAscii } from 'node:buffer';
import {
  alignedLength,
  hashOfPath,
  NUMBERS,
  recordMemory,
  type EntryNumbers,
  type NewRecords,
  type TreeState,
} from './tree-state.ts';

const FIRST_ROOM = 64 * 1024;

export interface NamedNumbers {
  readonly name: string;
  /** Null: it could not be looked at. */
  readonly numbers: EntryNumbers | null;
}

/** A state that was just taken. */
export interface TakenState extends TreeState {
  /** Whether all entries can be trusted. */
  readonly isSettled: boolean;
}

export class StateBuilder {
  readonly #before: number;
  readonly #records: NewRecords;
  readonly #folders: number[] = [];
  #memory = recordMemory(FIRST_ROOM);
  #entries = 0;
  #isSettled = true;

  /** `before`: an entry that was written or changed at this time (milliseconds) or later may change again and show the same times. */
  constructor(records: NewRecords, before: number) {
    this.#records = records;
    this.#before = before;
  }

  /** Adds a folder, with what `stat` said of it, and of its entries in the order of their names. Null: it could not be looked at. */
  add(path: string, numbers: EntryNumbers | null, entries: readonly NamedNumbers[], others: readonly string[]): void {
    const names = [...entries.map(({ name }) => name), ...others].join('/');
    const textStart = (1 + entries.length) * NUMBERS * Float64Array.BYTES_PER_ELEMENT;
    const textEnd = textStart + path.length + names.length;
    const length = alignedLength(textEnd);
    if (length > this.#memory.bytes.length) this.#memory = recordMemory(2 * length);
    this.#put(0, numbers);
    for (const [index, entry] of entries.entries()) this.#put((index + 1) * NUMBERS, entry.numbers);
    const { bytes } = this.#memory;
    bytes.write(path, textStart, 'latin1');
    bytes.write(names, textStart + path.length, 'latin1');
    bytes.fill(0, textEnd, length);
    const isPlain = isAscii(bytes.subarray(textStart, textEnd)) ? 1 : 0;
    this.#records.append(bytes.subarray(0, length));
    const end = this.#records.length / Float64Array.BYTES_PER_ELEMENT;
    this.#folders.push(end, path.length, names.length, this.#entries, entries.length, hashOfPath(path), isPlain);
    this.#entries += entries.length;
  }

  build(): TakenState {
    return {
      folders: Uint32Array.from(this.#folders),
      records: this.#records,
      quiet: new Uint8Array(this.#entries),
      isSettled: this.#isSettled,
    };
  }

  #put(at: number, numbers: EntryNumbers | null): void {
    const { doubles } = this.#memory;
    if (numbers === null || !this.#isTrusted(numbers)) {
      doubles.fill(NaN, at, at + NUMBERS);
      this.#isSettled = false;
      return;
    }
    doubles[at] = numbers.dev;
    doubles[at + 1] = numbers.ino;
    doubles[at + 2] = numbers.mode;
    doubles[at + 3] = numbers.size;
    doubles[at + 4] = numbers.mtimeMs;
    doubles[at + 5] = numbers.ctimeMs;
  }

  /** An inode that a double can't tell from its neighbours proves nothing either. */
  #isTrusted({ dev, ino, mtimeMs, ctimeMs }: EntryNumbers): boolean {
    return mtimeMs < this.#before && ctimeMs < this.#before && Number.isSafeInteger(ino) && Number.isSafeInteger(dev);
  }
}
