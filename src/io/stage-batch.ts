/** Keeps the originals of a batch of files and writes the new ones: what a thread of `stage-pool.ts` does. Tasks and answers are plain JSON. */
import { showBytes } from '../formats/byte-text.ts';
import type { NewContent } from '../formats/follows.ts';
import { StalePlanError, UsageError } from '../model/errors.ts';
import type { PlannedFile } from './content.ts';
import type { Run } from './journal.ts';
import { writeChanged } from './new-files.ts';
import { keepOriginal } from './originals.ts';

/** The new file of one step. */
export interface FileTask {
  /** Of the step. */
  readonly index: number;
  readonly planned: PlannedFile;
  /** Bytes of the original. */
  readonly size: number;
}

/** Why a file could not be written: an error that crosses threads. */
export interface Failure {
  readonly kind: 'stale' | 'misfit' | 'other';
  readonly message: string;
}

export interface WrittenBatch {
  /** Of the tasks, in their order, up to the one that failed. */
  readonly written: readonly NewContent[];
  /** Originals that were kept as copies: hard links were refused. */
  readonly copies: number;
  readonly failure: Failure | null;
}

/** Keeps and writes the files of a batch, in order, up to the first that fails. */
export function writeBatch(run: Run, batch: readonly FileTask[]): WrittenBatch {
  const written: NewContent[] = [];
  let copies = 0;
  for (const { index, planned } of batch) {
    try {
      if (!keepOriginal(run, index, { path: planned.file, kind: 'content' })) copies++;
      written.push(writeChanged(run, index, planned));
    } catch (error) {
      return { written, copies, failure: failureOf(error, planned) };
    }
  }
  return { written, copies, failure: null };
}

/** What is thrown where a file could not be written. */
export function errorOf({ kind, message }: Failure): Error {
  if (kind === 'stale') return new StalePlanError(message);
  return kind === 'misfit' ? new UsageError(message) : new Error(message);
}

export function failureOf(error: unknown, { file }: Pick<PlannedFile, 'file'>): Failure {
  if (error instanceof StalePlanError) return { kind: 'stale', message: error.message };
  if (error instanceof UsageError) return { kind: 'misfit', message: error.message };
  if (error instanceof RangeError)
    return { kind: 'misfit', message: `the plan does not fit ${showBytes(file)}: ${error.message}` };
  return { kind: 'other', message: error instanceof Error ? error.message : String(error) };
}
