/** Writes all that a plan puts in the place of files. What stores digests of other files waits until those are known. */
import { hash } from 'node:crypto';
import { encodeBytes } from '../formats/byte-text.ts';
import { inFollowOrder, type ContentChange, type NewContent } from '../formats/follows.ts';
import type { Step } from '../formats/journal-records.ts';
import { plannedFile, type PlannedFile } from '../io/content.ts';
import type { EarlySync } from '../io/durable.ts';
import type { Run } from '../io/journal.ts';
import { makeNewSymlink } from '../io/new-files.ts';
import { errorOf, failureOf, type FileTask } from '../io/stage-batch.ts';
import { writeFiles } from '../io/stage-pool.ts';
import type { TreePath } from '../model/path.ts';
import type { FileChange } from '../model/plan.ts';
import type { Pace } from './pace.ts';

/** Step `k` carries out change `k`. */
export interface Writing {
  readonly run: Run;
  readonly changes: readonly FileChange[];
  readonly steps: readonly Step[];
  /** Threads at most. */
  readonly jobs: number;
}

/**
 * Fills `new/` of the run's folder.
 * @returns sha256, hex, of what comes in the place of each change; null where nothing does
 * @throws StalePlanError, UsageError or a system error: the caller takes the run away
 */
export async function writeChanges(
  writing: Writing,
  pace: Pace,
  early: EarlySync,
): Promise<Map<FileChange, string | null>> {
  const { run, changes } = writing;
  const written = new Written(pace, early);
  const indexOf = new Map(changes.map((change, index) => [change, index]));
  const indexed = (change: ContentChange): readonly [number, ContentChange] => [indexOf.get(change) ?? 0, change];
  const ordered = inFollowOrder(changes);
  for (const change of ordered) {
    if (change.kind === 'remove') written.note(change, null);
    if (change.kind === 'retarget') written.note(change, writeSymlink(run, indexOf.get(change) ?? 0, change.target));
  }
  const contentChanges = ordered.filter((change) => change.kind === 'content');
  await writeContents(
    writing,
    contentChanges.filter(({ follows }) => follows.length === 0).map(indexed),
    written,
    pace,
  );
  for (const change of contentChanges)
    if (change.follows.length > 0) await writeContents(writing, [indexed(change)], written, pace);
  return written.after;
}

/** What has become of files so far. */
class Written {
  readonly after: Map<FileChange, string | null> = new Map();
  readonly #contents = new Map<TreePath, NewContent | null>();
  readonly #pace: Pace;
  readonly #early: EarlySync;

  constructor(pace: Pace, early: EarlySync) {
    this.#pace = pace;
    this.#early = early;
  }

  note(change: FileChange, content: NewContent | null): void {
    this.after.set(change, content?.digest ?? null);
    if (change.kind !== 'retarget')
      for (const name of [change.file, ...change.aliases]) this.#contents.set(name, content);
    this.#pace.count(content?.size ?? 0);
    this.#early.wrote(content?.size ?? 0);
  }

  contentOf(name: TreePath): NewContent | null | undefined {
    return this.#contents.get(name);
  }
}

/** Writes files of which none stores the digest of another one among them. */
async function writeContents(
  { run, changes, steps, jobs }: Writing,
  some: readonly (readonly [number, ContentChange])[],
  written: Written,
  pace: Pace,
): Promise<void> {
  const tasks = some.map(([index, change]): FileTask => {
    return { index, planned: planned(change, written), size: Number(steps[index]?.size) };
  });
  const onWritten = ({ index }: FileTask, content: NewContent): void => {
    const change = changes[index];
    if (change !== undefined) written.note(change, content);
  };
  await writeFiles(run, tasks, jobs, onWritten, () => pace.rest());
}

function planned(change: ContentChange, written: Written): PlannedFile {
  try {
    return plannedFile(change, (name) => written.contentOf(name));
  } catch (error) {
    throw errorOf(failureOf(error, change));
  }
}

function writeSymlink(run: Run, index: number, target: string): NewContent {
  const text = encodeBytes(target);
  makeNewSymlink(run, index, text);
  return { digest: hash('sha256', text), size: text.length };
}
