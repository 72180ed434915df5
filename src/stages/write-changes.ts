/** Writes all that a plan puts in the place of files. What stores digests of other files waits until those are known. */
import { hash } from 'node:crypto';
import { encodeBytes } from '../formats/byte-text.ts';
import { inFollowOrder, type ContentChange, type NewContent } from '../formats/follows.ts';
import type { Step } from '../formats/journal-records.ts';
import { plannedFile, type PlannedFile } from '../io/content.ts';
import { twinOf, type AttributeCopier } from '../io/attributes.ts';
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
  /** What can go on beside, as soon as a file is written. */
  readonly beside: { readonly sync: EarlySync; readonly attributes: AttributeCopier };
}

export interface WrittenChanges {
  /** sha256, hex, of what comes in the place of each change; null where nothing does. */
  readonly after: ReadonlyMap<FileChange, string | null>;
  /** Originals that are kept as copies: hard links were refused. */
  readonly copies: number;
}

/**
 * Fills `new/` of the run's folder, and `orig/` with the originals of what is written; those of other changes are kept already.
 * @throws StalePlanError, UsageError or a system error: the caller takes the run away
 */
export async function writeChanges(writing: Writing, pace: Pace): Promise<WrittenChanges> {
  const { run, changes } = writing;
  const written = new Written(writing, pace);
  const indexOf = new Map(changes.map((change, index) => [change, index]));
  const indexed = (change: ContentChange): readonly [number, ContentChange] => [indexOf.get(change) ?? 0, change];
  const ordered = inFollowOrder(changes);
  for (const change of ordered) {
    const index = indexOf.get(change) ?? 0;
    if (change.kind === 'remove') written.note(change, index, null);
    if (change.kind === 'retarget') written.note(change, index, writeSymlink(run, index, change.target));
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
  return written;
}

/** What has become of files so far. */
class Written implements WrittenChanges {
  readonly after: Map<FileChange, string | null> = new Map();
  copies = 0;
  readonly #contents = new Map<TreePath, NewContent | null>();
  readonly #pace: Pace;
  readonly #beside: Writing['beside'];

  constructor({ beside }: Writing, pace: Pace) {
    this.#pace = pace;
    this.#beside = beside;
  }

  note(change: FileChange, index: number, content: NewContent | null): void {
    this.after.set(change, content?.digest ?? null);
    if (change.kind !== 'retarget')
      for (const name of [change.file, ...change.aliases]) this.#contents.set(name, content);
    this.#pace.count(content?.size ?? 0);
    this.#beside.sync.wrote(content?.size ?? 0);
    const twin = twinOf(index, { path: change.file, kind: change.kind });
    if (twin !== null) this.#beside.attributes.add(twin);
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
    if (change !== undefined) written.note(change, index, content);
  };
  written.copies += await writeFiles(run, tasks, jobs, onWritten, () => pace.rest());
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
