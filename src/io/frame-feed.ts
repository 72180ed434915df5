/** Feeds file threads with the parts of an archive, in its order: which entries each of them holds is known before it is unpacked. */
import { END_OF_ARCHIVE, paddingOf, tarEntry } from '../formats/tar-entry.ts';
import { headerLength } from '../formats/tar-write.ts';
import type { TreePath } from '../model/path.ts';
import { ArchiveParts, cutPart, type Part } from './archive-parts.ts';
import { disagreement } from './entry-extractor.ts';
import {
  failureOf,
  type EntryTask,
  type ExtractJob,
  type FileAnswer,
  type FileFailure,
  type FilledFile,
} from './file-tasks.ts';
import type { FileThread, FileThreads } from './file-threads.ts';
import type { ArchiveFile } from './frames.ts';

/** Entries of a part of a plain tar. */
const MOST_ENTRIES = 256;

/** A failure of some job: of several, that of the first job is told, as if all was done in turn. */
interface Failed {
  readonly order: number;
  readonly failure: FileFailure;
}

export class FrameFeed {
  readonly #threads: FileThreads;
  readonly #parts: ArchiveParts;
  /** Where the entries begin in the tar. */
  readonly #begin: number;
  readonly #filled = new Map<TreePath, FilledFile>();
  readonly #running = new Set<Promise<void>>();
  /** Where the entry at hand ends in the tar. */
  #at: number;
  #part: Part | null = null;
  /** What begins in the part at hand. */
  #tasks: EntryTask[] = [];
  #hasEnd = false;
  /** Who has the entry that goes on in the next part; null where that begins with an entry of its own. */
  #thread: FileThread | null = null;
  #order = 0;
  #failed: Failed | null = null;
  #broken: Error | null = null;

  constructor(threads: FileThreads, file: ArchiveFile, begin: number) {
    this.#threads = threads;
    this.#parts = new ArchiveParts(file);
    this.#begin = begin;
    this.#at = begin;
  }

  /** What went wrong so far. */
  get failure(): FileFailure | null {
    return this.#failed?.failure ?? null;
  }

  /** Takes the next entry. Once something has failed there is no use in going on. */
  async add(task: EntryTask): Promise<void> {
    const header = tarEntry(task.entry);
    await this.#add(task, headerLength(header) + header.size + paddingOf(header.size));
  }

  /** Ends it. Gives the files that were filled in; nothing is known of them where there was a failure. */
  async finish(): Promise<ReadonlyMap<TreePath, FilledFile>> {
    if (this.#failed === null) await this.#add(null, END_OF_ARCHIVE.length);
    if (this.#part !== null) await this.#send(this.#part, false);
    if (this.#failed === null && this.#partAt(this.#at) !== null) this.#fail(disagreement());
    await this.settle();
    return this.#filled;
  }

  /** Resolves when all that was given out is done. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#broken !== null) throw this.#broken;
  }

  /** `null`: the end of the archive. */
  async #add(task: EntryTask | null, length: number): Promise<void> {
    const start = this.#at;
    this.#at += length;
    if (this.#part?.isLoose === true && (this.#at > this.#part.to || this.#tasks.length >= MOST_ENTRIES)) {
      // what began in a part before it ends with one
      await this.#send(cutPart(this.#part, start - this.#part.from), false);
      this.#part = null;
    }
    this.#part ??= this.#require(start);
    if (task === null) this.#hasEnd = true;
    else this.#tasks.push(task);
    while (this.#part !== null && this.#at >= this.#part.to) {
      const { to } = this.#part;
      const isMidway = this.#at > to;
      await this.#send(this.#part, isMidway);
      this.#part = isMidway ? this.#require(to) : null;
    }
  }

  /** `isMidway`: the last entry goes on in the next part. */
  async #send(part: Part, isMidway: boolean): Promise<void> {
    const [tasks, isEnd] = [this.#tasks, this.#hasEnd];
    this.#tasks = [];
    this.#hasEnd = false;
    const goesOn = this.#thread !== null;
    if (!goesOn && !isMidway && !isEnd && isThere(tasks)) return;
    const thread = this.#thread ?? this.#threads.free();
    this.#thread = isMidway ? thread : null;
    const order = this.#order++;
    const skipped = Math.max(0, this.#begin - part.from);
    const job: ExtractJob = { kind: 'extract', place: part.place, skipped, goesOn, tasks, isEnd };
    const run = thread
      .run(job)
      .then(
        (answer) => this.#take(answer, order),
        (error: unknown) => void (this.#broken ??= error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
    if (this.#running.size > this.#threads.capacity) await Promise.race(this.#running);
    if (this.#broken !== null) throw this.#broken;
  }

  #take({ filled, failure }: Pick<FileAnswer, 'filled' | 'failure'>, order: number): void {
    for (const file of filled) this.#filled.set(file.path, file);
    if (failure !== null && (this.#failed === null || order < this.#failed.order)) this.#failed = { order, failure };
  }

  /** The part with the next byte that there must be. */
  #require(at: number): Part | null {
    const part = this.#partAt(at);
    if (part === null) this.#fail(disagreement());
    return part;
  }

  #partAt(at: number): Part | null {
    try {
      return this.#parts.partAt(at);
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  /** What is wrong with the archive behind all that was given out. */
  #fail(error: unknown): void {
    this.#take({ filled: [], failure: failureOf(error, null) }, this.#order++);
  }
}

/** Whether all files of a part are there already, so that it need not be unpacked. */
function isThere(tasks: readonly EntryTask[]): boolean {
  return tasks.some(({ entry }) => entry.type === 'file') && tasks.every(({ file }) => file === null);
}
