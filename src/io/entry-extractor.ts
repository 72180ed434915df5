/** Takes the entries of an archive out of its parts, each byte held against what the manifest makes expect, and has their files written. */
import { showBytes } from '../formats/byte-text.ts';
import { BLOCK, END_OF_ARCHIVE, paddingOf, tarEntry } from '../formats/tar-entry.ts';
import { writeHeader } from '../formats/tar-write.ts';
import { ArchiveError } from '../model/errors.ts';
import type { FileEntry } from '../model/manifest-entry.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import type { EntryTask, ExtractJob, FilledFile, NewFileTask } from './file-tasks.ts';
import type { FileWriter } from './file-writer.ts';

const ZEROS: Buffer = Buffer.alloc(BLOCK);

/** The rule of an archive that holds other bytes between contents than it should. */
export const DISAGREES = 'entry-disagrees';

/** What is wrong the strict reader tells. */
export function disagreement(path?: TreePath): ArchiveError {
  const where = path === undefined ? '' : ` at '${showBytes(path)}'`;
  return new ArchiveError(DISAGREES, `the archive does not hold what its manifest says${where}`);
}

/** The entry at work. */
interface Current {
  readonly path: TreePath;
  /** The file to write, until its first bytes are. */
  file: NewFileTask | null;
  readonly isWritten: boolean;
  /** What is left of its header, and how much of its contents and of what fills their last block. */
  header: Buffer;
  contents: number;
  padding: number;
}

const NOTHING: Omit<Current, 'header'> = {
  path: asTreePath(''),
  file: null,
  isWritten: false,
  contents: 0,
  padding: 0,
};

export class EntryExtractor {
  readonly #writer: FileWriter;
  #current: Current | null = null;

  constructor(writer: FileWriter) {
    this.#writer = writer;
  }

  /**
   * Takes the bytes of a part. `filled` gets the files that were filled in.
   * @throws ArchiveError where they are not what they should be: `entry-disagrees`, or what FileWriter says; the system's error
   */
  extract(bytes: Buffer, { tasks, goesOn, skipped, isEnd }: ExtractJob, filled: FilledFile[]): void {
    // what goes on with an entry that failed is passed over
    if (goesOn && this.#current === null) return;
    if (!goesOn) this.drop();
    let at = this.#current === null ? skipped : this.#go(bytes, 0, filled);
    for (const task of tasks) {
      if (this.#current !== null) throw disagreement(task.entry.path);
      this.#current = begun(task);
      at = this.#go(bytes, at, filled);
    }
    if (isEnd) {
      this.#current = { ...NOTHING, header: END_OF_ARCHIVE };
      at = this.#go(bytes, at, filled);
    }
    if (at !== bytes.length) throw disagreement();
  }

  /** Lets the entry at work go. */
  drop(): void {
    this.#current = null;
    this.#writer.drop();
  }

  /** Goes on with the entry at work as far as it is there. Returns where the next one begins. */
  #go(bytes: Buffer, start: number, filled: FilledFile[]): number {
    const current = this.#current;
    if (current === null) return start;
    const { path, header } = current;
    let at = start;
    const known = Math.min(header.length, bytes.length - at);
    if (header.compare(bytes, at, at + known, 0, known) !== 0) throw disagreement(path);
    current.header = header.subarray(known);
    at += known;
    if (current.header.length > 0) return at;
    at = this.#write(current, bytes, at, filled);
    const padding = Math.min(current.padding, bytes.length - at);
    if (ZEROS.compare(bytes, at, at + padding, 0, padding) !== 0) throw disagreement(path);
    current.padding -= padding;
    if (current.contents === 0 && current.padding === 0) this.#current = null;
    return at + padding;
  }

  #write(current: Current, bytes: Buffer, at: number, filled: FilledFile[]): number {
    const end = Math.min(bytes.length, at + current.contents);
    const hadContents = current.contents > 0;
    current.contents -= end - at;
    // an empty file has one piece, too
    if (!current.isWritten || (!hadContents && current.file === null)) return end;
    const result = this.#writer.write(current.file, bytes.subarray(at, end), current.contents === 0);
    current.file = null;
    if (result !== null) filled.push(result);
    return end;
  }
}

function begun({ entry, file }: EntryTask): Current {
  const header = tarEntry(entry);
  return {
    path: entry.path,
    file: entry.type === 'file' && file !== null ? { ...newFile(entry), ...file } : null,
    isWritten: file !== null,
    header: writeHeader(header),
    contents: header.size,
    padding: paddingOf(header.size),
  };
}

function newFile({ path, size, sha256, sparse }: FileEntry): Omit<NewFileTask, 'attributes' | 'filling'> {
  return { path, size, sha256, isSparse: sparse === true };
}
