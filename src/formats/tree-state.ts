/**
 * The state of a tree at one moment: names, and of every entry the numbers by which a change shows. A small table of folders is held; what is
 * known of each folder and its entries is one record, read where it is needed. No object for an entry, and memory for few records at a time.
 *
 * A record: NUMBERS doubles of the folder, then of each of its entries; its path; its names with `/` between them (entries, then folders and
 * what was left out), one character a byte; zeros up to where a double may begin. Records lie one behind the other, in the table's order.
 */

/** Of each entry: device, inode, mode, size, time of writing, time of change (both in milliseconds, as a double holds them: to 0.25 µs). */
export const NUMBERS = 6;
/** Of each folder: where its record ends (in doubles), lengths of path and names, its first entry, entries, the hash of its path, 1 for ASCII. */
export const FOLDER_FIELDS = 7;
const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

/** What `stat` says of an entry, in plain numbers. */
export interface EntryNumbers {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** Where records lie. */
export interface Records {
  /** Fills a buffer with the bytes from an offset. Throws where there are not so many. */
  read(from: number, into: Buffer): void;
}

/** Records that are being written. */
export interface NewRecords extends Records {
  /** Where the next bytes will be. */
  readonly length: number;
  append(bytes: Uint8Array): void;
}

export interface TreeState {
  /** FOLDER_FIELDS for each folder. */
  readonly folders: Uint32Array;
  readonly records: Records;
  /** For each entry, in the order of the records: 1 where a scan found nothing in it, and no rule wants to see it. */
  readonly quiet: Uint8Array;
}

/** A folder of a state, taken from its record. */
export interface FolderState {
  readonly path: string;
  /** Names of the entries that were looked at (no folders among them), then all others. */
  readonly names: readonly string[];
  /** Whether every byte of the path and the names is ASCII. */
  readonly isAscii: boolean;
  readonly firstEntry: number;
  readonly entries: number;
  /** NUMBERS of the folder from `at` on, then of each entry. NaN, which equals nothing, where an entry is not to be trusted. */
  readonly numbers: Float64Array;
  readonly at: number;
}

export function folderCount(folders: Uint32Array): number {
  return folders.length / FOLDER_FIELDS;
}

/** Where the record of a folder begins: where the one before it ends. */
export function recordStart(folders: Uint32Array, index: number): number {
  return index === 0 ? 0 : recordEnd(folders, index - 1);
}

/** Where the record of a folder ends. */
export function recordEnd(folders: Uint32Array, index: number): number {
  return (folders[index * FOLDER_FIELDS] ?? 0) * DOUBLE;
}

/** Up to where bytes reach with the zeros behind them. */
export function alignedLength(length: number): number {
  return Math.ceil(length / DOUBLE) * DOUBLE;
}

/** The hash of a folder's path. */
export function hashAt(folders: Uint32Array, index: number): number {
  return folders[index * FOLDER_FIELDS + 5] ?? 0;
}

/** FNV-1a of a path, one character a byte. */
export function hashOfPath(path: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Memory for records, as bytes and as doubles. */
export interface RecordMemory {
  readonly bytes: Buffer;
  readonly doubles: Float64Array;
}

export function recordMemory(length: number): RecordMemory {
  const buffer = new ArrayBuffer(alignedLength(length));
  return { bytes: Buffer.from(buffer), doubles: new Float64Array(buffer) };
}

/** A folder whose record was read; `offset`: where it begins in the memory. */
export function decodeFolder(
  folders: Uint32Array,
  index: number,
  { bytes, doubles }: RecordMemory,
  offset: number,
): FolderState {
  const row = index * FOLDER_FIELDS;
  const entries = folders[row + 4] ?? 0;
  const pathLength = folders[row + 1] ?? 0;
  const textStart = offset + (1 + entries) * NUMBERS * DOUBLE;
  const text = bytes.toString('latin1', textStart, textStart + pathLength + (folders[row + 2] ?? 0));
  const names = text.slice(pathLength);
  return {
    path: text.slice(0, pathLength),
    names: names === '' ? [] : names.split('/'),
    isAscii: folders[row + 6] === 1,
    firstEntry: folders[row + 3] ?? 0,
    entries,
    numbers: doubles,
    at: offset / DOUBLE,
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
