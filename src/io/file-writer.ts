/** Writes the new files of a tree, one after the other, from bytes that come in pieces: each is held against its digest on the way. */
import { createHash, hash, type Hash } from 'node:crypto';
import { showBytes } from '../formats/byte-text.ts';
import { fillIn, requireSiteTexts, type Filling, type FillWords } from '../formats/filling.ts';
import { ArchiveError } from '../model/errors.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { openPath } from './entries.ts';
import { FileOutput } from './file-output.ts';
import { readRange, rewriteFile } from './file-rewrite.ts';
import type { FilledFile, NewFileTask } from './file-tasks.ts';

/** Up to this size a file is filled in before it is written, in memory; larger ones are written as they come, and once more. */
const IN_MEMORY = 8 * 1024 * 1024;

/** The file that is being written. */
interface Current {
  readonly task: NewFileTask;
  /** Pieces of a file that is filled in: it is written when all of it is there. */
  readonly held: Buffer[];
  /** Of a file that comes in several pieces. */
  stream: { readonly output: FileOutput; readonly digest: Hash } | null;
}

export class FileWriter {
  readonly #root: AbsolutePath;
  readonly #words: FillWords;
  #current: Current | null = null;

  constructor(root: AbsolutePath, words: FillWords) {
    this.#root = root;
    this.#words = words;
  }

  /** The file at work. */
  get path(): TreePath | null {
    return this.#current?.task.path ?? null;
  }

  /**
   * Writes the next bytes: of the file that begins with them, or (null) of the one at work.
   * @returns the new content where a file that is filled in ends here
   * @throws ArchiveError where the bytes are not those that were announced, or can't be filled in; the system's error
   */
  write(task: NewFileTask | null, bytes: Buffer, isLast: boolean): FilledFile | null {
    if (task !== null) this.#current = { task, held: [], stream: null };
    const current = this.#current;
    if (current === null) return null;
    const { filling, size } = current.task;
    const isHeld = filling !== null && size <= IN_MEMORY;
    if (isHeld) current.held.push(isLast ? bytes : Buffer.from(bytes));
    else if (filling === null && task !== null && isLast) this.#writeWhole(task, bytes);
    else this.#append(current, bytes, isLast);
    if (!isLast) return null;
    const filled =
      filling === null ? null : isHeld ? this.#writeFilled(current, filling) : this.#rewrite(current, filling);
    this.#current = null;
    return filled;
  }

  /** Lets the file at work go. */
  drop(): void {
    this.#current?.stream?.output.close();
    this.#current = null;
  }

  #writeWhole(task: NewFileTask, bytes: Buffer): void {
    requireDigest(task, hash('sha256', bytes));
    this.#create(task, (output) => output.write(bytes));
  }

  #append(current: Current, bytes: Buffer, isLast: boolean): void {
    const { task } = current;
    current.stream ??= { output: this.#open(task), digest: createHash('sha256') };
    const { output, digest } = current.stream;
    digest.update(bytes);
    output.write(bytes);
    if (!isLast) return;
    requireDigest(task, digest.digest('hex'));
    output.finish(task.filling === null ? task.attributes : null);
    current.stream = null;
    output.close();
  }

  #writeFilled({ task, held }: Current, filling: Filling): FilledFile {
    const { path } = task;
    const [first = Buffer.alloc(0), ...rest] = held;
    const bytes = rest.length === 0 ? first : Buffer.concat(held);
    requireDigest(task, hash('sha256', bytes));
    requireSiteTexts(path, filling.sites, this.#words, (start, end) => bytes.subarray(start, end));
    const digest = createHash('sha256');
    const size = this.#create(task, (output) => {
      for (const piece of fillIn(path, filling, this.#words, [bytes])) {
        digest.update(piece);
        output.write(piece);
      }
    });
    return { path, size, digest: digest.digest('hex') };
  }

  #rewrite({ task }: Current, filling: Filling): FilledFile {
    const { path } = task;
    requireSiteTexts(path, filling.sites, this.#words, (start, end) => readRange(this.#root, path, start, end));
    return rewriteFile(this.#root, task, (pieces) => fillIn(path, filling, this.#words, pieces));
  }

  #create(task: NewFileTask, fill: (output: FileOutput) => void): number {
    const output = this.#open(task);
    try {
      fill(output);
      return output.finish(task.attributes);
    } finally {
      output.close();
    }
  }

  #open({ path, isSparse }: NewFileTask): FileOutput {
    return new FileOutput(openPath(this.#root, path), isSparse);
  }
}

function requireDigest({ path, sha256 }: NewFileTask, digest: string): void {
  if (digest !== sha256)
    throw new ArchiveError(
      'entry-digest',
      `'${showBytes(path)}' does not have the digest that the manifest says: the archive is damaged`,
    );
}
