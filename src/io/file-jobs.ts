/** Does the jobs of a file thread, one after the other. */
import type { TreePath } from '../model/path.ts';
import { copyFile } from './file-copier.ts';
import { FileReader } from './file-reader.ts';
import { failureOf, type CopyTask, type FileAnswer, type FileJob, type FileSettings } from './file-tasks.ts';
import { FileWriter } from './file-writer.ts';
import { FrameReader } from './frame-reader.ts';

export class FileJobs {
  readonly #settings: FileSettings;
  readonly #writer: FileWriter;
  readonly #unpacker = new FrameReader();
  #reader: FileReader | null = null;

  constructor(settings: FileSettings) {
    this.#settings = settings;
    this.#writer = new FileWriter(settings.root, settings.words);
  }

  async do(job: FileJob): Promise<FileAnswer> {
    const answer: FileAnswer = { filled: [], copied: [], contents: [], failure: null };
    if (job.kind === 'unpack') await this.#unpack(job, answer);
    else if (job.kind === 'read') this.#read(job.paths, answer);
    else if (job.kind === 'copy') this.#copy(job.tasks, answer);
    else this.#write(job, answer);
    return answer;
  }

  /** Lets a file go that did not come to its end. */
  drop(): void {
    this.#writer.drop();
  }

  async #unpack({ buffer, place }: Extract<FileJob, { kind: 'unpack' }>, answer: FileAnswer): Promise<void> {
    try {
      await this.#unpacker.unpack(buffer, place);
    } catch (error) {
      answer.failure = failureOf(error, null);
    }
  }

  #read(paths: readonly TreePath[], answer: FileAnswer): void {
    this.#reader ??= new FileReader(this.#settings);
    for (const path of paths) answer.contents.push(this.#reader.read(path));
  }

  #copy(tasks: readonly CopyTask[], answer: FileAnswer): void {
    for (const task of tasks) if (copyFile(this.#settings.root, task)) answer.copied.push(task.path);
  }

  #write({ buffer, parts }: Extract<FileJob, { kind: 'write' }>, answer: FileAnswer): void {
    try {
      for (const part of parts) {
        const filled = this.#writer.write(part, Buffer.from(buffer, part.at, part.length));
        if (filled !== null) answer.filled.push(filled);
      }
    } catch (error) {
      answer.failure = failureOf(error, this.#writer.path);
      this.#writer.drop();
    }
  }
}
