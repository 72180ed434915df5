/**
 * The state of a tree at one moment, flat: names, and of every entry the numbers by which a change shows. No object for an entry: the state
 * of 100,000 files is read, compared and written as a few arrays.
 */

/** Of each entry: device, inode, mode, size, time of writing, time of change (both in milliseconds, as a double holds them: to 0.25 µs). */
export const NUMBERS = 6;
/** Of each folder: where its path, its names and what follows begin in the text, its first entry, and how many entries it has. */
export const FOLDER_FIELDS = 5;

/** What `stat` says of an entry, in plain numbers. */
export interface EntryNumbers {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

export interface TreeState {
  readonly folders: Uint32Array;
  /** For each folder its path, then its names with `/` between them: entries, then folders and what was left out. One character a byte. */
  readonly text: string;
  /** NUMBERS for each folder, then for each entry. NaN, which equals nothing, where an entry is not to be trusted. */
  readonly numbers: Float64Array;
  /** For each entry, in the order of their numbers: 1 where a scan found nothing in it, and no rule wants to see it. */
  readonly quiet: Uint8Array;
}

/** A state as bytes, which threads can share and files can hold. */
export interface StateBytes {
  readonly folders: Uint8Array;
  readonly text: Uint8Array;
  readonly numbers: Uint8Array;
  readonly quiet: Uint8Array;
}

export function encodeState({ folders, text, numbers, quiet }: TreeState): StateBytes {
  return { folders: bytesOf(folders), text: Buffer.from(text, 'latin1'), numbers: bytesOf(numbers), quiet };
}

/** The bytes begin where an array of doubles may begin. */
export function decodeState({ folders, text, numbers, quiet }: StateBytes): TreeState {
  return {
    folders: new Uint32Array(folders.buffer, folders.byteOffset, folders.length / Uint32Array.BYTES_PER_ELEMENT),
    text: bytesOf(text).toString('latin1'),
    numbers: new Float64Array(numbers.buffer, numbers.byteOffset, numbers.length / Float64Array.BYTES_PER_ELEMENT),
    quiet,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array | Uint32Array | Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** A folder of a state, taken from the arrays. */
export interface FolderState {
  readonly path: string;
  /** Names of the entries that were looked at (no folders among them), then all others. */
  readonly names: readonly string[];
  readonly firstEntry: number;
  readonly entries: number;
}

export function folderCount(state: TreeState): number {
  return state.folders.length / FOLDER_FIELDS;
}

export function folderAt({ folders, text }: TreeState, index: number): FolderState {
  const at = index * FOLDER_FIELDS;
  const namesStart = folders[at + 1] ?? 0;
  const names = text.slice(namesStart, folders[at + 2]);
  return {
    path: text.slice(folders[at], namesStart),
    names: names === '' ? [] : names.split('/'),
    firstEntry: folders[at + 3] ?? 0,
    entries: folders[at + 4] ?? 0,
  };
}

/** Whether an entry is what it was. `at`: where its numbers begin. */
export function isSame(numbers: Float64Array, at: number, now: EntryNumbers): boolean {
  return (
    numbers[at + 5] === now.ctimeMs &&
    numbers[at + 4] === now.mtimeMs &&
    numbers[at + 3] === now.size &&
    numbers[at + 1] === now.ino &&
    numbers[at + 2] === now.mode &&
    numbers[at] === now.dev
  );
}

/** Whether all entries can be trusted. */
export function isSettled({ numbers }: TreeState): boolean {
  return !numbers.includes(NaN);
}

/** Puts a state together, folder by folder. */
export class StateBuilder {
  readonly #before: number;
  readonly #folders: number[] = [];
  readonly #texts: string[] = [];
  readonly #folderNumbers: number[] = [];
  readonly #entryNumbers: number[] = [];
  #length = 0;
  #entries = 0;

  /** `before`: an entry that was written or changed at this time (milliseconds) or later may change again and show the same times. */
  constructor(before: number) {
    this.#before = before;
  }

  /** Adds a folder, with what `stat` said of it, and of its entries in the order of their names. Null: it could not be looked at. */
  add(
    path: string,
    numbers: EntryNumbers | null,
    entries: readonly { readonly name: string; readonly numbers: EntryNumbers | null }[],
    others: readonly string[],
  ): void {
    const names = [...entries.map(({ name }) => name), ...others].join('/');
    const namesStart = this.#length + path.length;
    this.#folders.push(this.#length, namesStart, namesStart + names.length, this.#entries, entries.length);
    this.#texts.push(path, names);
    this.#length = namesStart + names.length;
    this.#entries += entries.length;
    this.#push(this.#folderNumbers, numbers);
    for (const entry of entries) this.#push(this.#entryNumbers, entry.numbers);
  }

  build(): TreeState {
    const numbers = new Float64Array(this.#folderNumbers.length + this.#entryNumbers.length);
    numbers.set(this.#folderNumbers);
    numbers.set(this.#entryNumbers, this.#folderNumbers.length);
    return {
      folders: Uint32Array.from(this.#folders),
      text: this.#texts.join(''),
      numbers,
      quiet: new Uint8Array(this.#entries),
    };
  }

  #push(to: number[], numbers: EntryNumbers | null): void {
    if (numbers === null || !this.#isTrusted(numbers)) to.push(NaN, NaN, NaN, NaN, NaN, NaN);
    else to.push(numbers.dev, numbers.ino, numbers.mode, numbers.size, numbers.mtimeMs, numbers.ctimeMs);
  }

  /** An inode that a double can't tell from its neighbours proves nothing either. */
  #isTrusted({ dev, ino, mtimeMs, ctimeMs }: EntryNumbers): boolean {
    return mtimeMs < this.#before && ctimeMs < this.#before && Number.isSafeInteger(ino) && Number.isSafeInteger(dev);
  }
}
