/** Does the jobs of a file thread, one after the other. */
import type { TreePath } from '../model/path.ts';
import { EntryExtractor } from './entry-extractor.ts';
import { copyFile } from './file-copier.ts';
import { FileReader } from './file-reader.ts';
import {
  failureOf,
  type CopyTask,
  type ExtractJob,
  type FileAnswer,
  type FileJob,
  type FileSettings,
} from './file-tasks.ts';
import { FileWriter } from './file-writer.ts';
import { FrameReader } from './frame-reader.ts';

export class FileJobs {
  readonly #settings: FileSettings;
  readonly #writer: FileWriter;
  readonly #extractor: EntryExtractor;
  readonly #frames = new FrameReader();
  #reader: FileReader | null = null;

  constructor(settings: FileSettings) {
    this.#settings = settings;
    this.#writer = new FileWriter(settings.root, settings.words);
    this.#extractor = new EntryExtractor(this.#writer);
  }

  async do(job: FileJob): Promise<FileAnswer> {
    const answer: FileAnswer = { filled: [], copied: [], contents: [], failure: null };
    if (job.kind === 'read') this.#read(job.paths, answer);
    else if (job.kind === 'copy') this.#copy(job.tasks, answer);
    else await this.#extract(job, answer);
    return answer;
  }

  /** Lets a file go that did not come to its end. */
  drop(): void {
    this.#extractor.drop();
  }

  async #extract(job: ExtractJob, answer: FileAnswer): Promise<void> {
    try {
      await this.#frames.lend(job.place, (bytes) => this.#extractor.extract(bytes, job, answer.filled));
    } catch (error) {
      answer.failure = failureOf(error, this.#writer.path);
      this.#extractor.drop();
    }
  }

  #read(paths: readonly TreePath[], answer: FileAnswer): void {
    this.#reader ??= new FileReader(this.#settings);
    for (const path of paths) answer.contents.push(this.#reader.read(path));
  }

  #copy(tasks: readonly CopyTask[], answer: FileAnswer): void {
    for (const task of tasks) if (copyFile(this.#settings.root, task)) answer.copied.push(task.path);
  }
}
