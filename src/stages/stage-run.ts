/** The part of a run before anything of the tree changes: originals kept, everything new written, made like the originals, and on the disk. */
import { hash } from 'node:crypto';
import { encodeBytes, showBytes } from '../formats/byte-text.ts';
import { inFollowOrder, type ContentChange, type NewContent } from '../formats/follows.ts';
import type { Step } from '../formats/journal-records.ts';
import { copyAttributes, type Twin } from '../io/attributes.ts';
import { changedContent } from '../io/content.ts';
import { syncFiles, syncFolder } from '../io/durable.ts';
import { placeIn, type Run } from '../io/journal.ts';
import { isSparse } from '../io/look.ts';
import { makeNewSymlink, writeNewFile, writeOwnRecord } from '../io/new-files.ts';
import { keepOriginal } from '../io/originals.ts';
import { requireUnchanged } from '../io/standing.ts';
import { stageAdditions } from './stage-additions.ts';
import { UsageError } from '../model/errors.ts';
import { joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { FileChange, Plan } from '../model/plan.ts';
import type { Pace } from './pace.ts';
import type { Checkpoint } from './transaction.ts';

export interface StagedRun {
  /** sha256, hex, of what comes in the place of each change; null where nothing does. */
  readonly after: ReadonlyMap<FileChange, string | null>;
  /** The same of the folders that are new, by their paths. */
  readonly added: ReadonlyMap<TreePath, string>;
  readonly warnings: readonly string[];
}

/**
 * What is to be staged: step `k` carries out change `k`; then come the folders that are new, in their order, and, where there is `memory`, one
 * that writes what the tree is to remember.
 */
export interface Staging {
  readonly run: Run;
  readonly plan: Plan;
  readonly steps: readonly Step[];
  /** The text of `.relocate/tree.json`; null where it stays. */
  readonly memory: string | null;
}

/**
 * Fills the run's folder. Nothing of the tree itself is changed.
 * @throws StalePlanError, UsageError, RolledBackError or a system error: the caller takes the run away
 */
export async function stageRun(staging: Staging, pace: Pace, checkpoint: Checkpoint): Promise<StagedRun> {
  const { run, plan, steps, memory } = staging;
  const warnings = await keepOriginals(run, steps, pace);
  checkpoint('originals');
  const after = await writeAllNew(run, plan, pace);
  const added = await stageAdditions(run, plan, pace);
  if (memory !== null) writeOwnRecord(run, steps.length - 1, memory);
  checkpoint('new');
  warnings.push(...(await copyAttributes(run.folder, steps.flatMap(twinOf))));
  checkpoint('attributes');
  const written = [...steps.entries()].flatMap(([index, { kind }]) =>
    kind === 'content' || kind === 'create' ? [String(index)] : [],
  );
  await syncFiles(joinAbsolute(run.folder, 'new'), written);
  checkpoint('synced');
  for (const [index, step] of steps.entries()) requireUnchanged(run, index, step);
  await pace.breathe();
  return { after, added, warnings };
}

async function keepOriginals(run: Run, steps: readonly Step[], pace: Pace): Promise<string[]> {
  let copies = 0;
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'create' || step.kind === 'add') continue;
    if (!keepOriginal(run, index, step.path)) copies++;
    await pace.rest();
  }
  syncFolder(joinAbsolute(run.folder, 'orig'));
  return copies === 0 ? [] : [`hard links are refused here, so undo will bring back ${copies} files as copies`];
}

/** In the order in which digests become known; returns those of what was written. */
async function writeAllNew(run: Run, plan: Plan, pace: Pace): Promise<Map<FileChange, string | null>> {
  const indexOf = new Map(plan.changes.map((change, index) => [change, index]));
  const contents = new Map<TreePath, NewContent | null>();
  const after = new Map<FileChange, string | null>();
  for (const change of inFollowOrder(plan.changes)) {
    const content = writeNew(run, indexOf.get(change) ?? 0, plan, change, contents);
    if (change.kind !== 'retarget') for (const name of [change.file, ...change.aliases]) contents.set(name, content);
    after.set(change, content?.digest ?? null);
    await pace.step(content?.size ?? 0);
  }
  return after;
}

function writeNew(
  run: Run,
  index: number,
  { tree }: Plan,
  change: FileChange,
  contents: ReadonlyMap<TreePath, NewContent | null>,
): NewContent | null {
  if (change.kind === 'remove') return null;
  if (change.kind === 'content') return writeContent(run, index, tree, change, contents);
  const target = encodeBytes(change.target);
  makeNewSymlink(run, index, target);
  return { digest: hash('sha256', target), size: target.length };
}

function writeContent(
  run: Run,
  index: number,
  tree: AbsolutePath,
  change: ContentChange,
  contents: ReadonlyMap<TreePath, NewContent | null>,
): NewContent {
  try {
    const chunks = changedContent(tree, change, (file) => contents.get(file));
    return writeNewFile(run, index, chunks, isSparse(placeIn(run, 'orig', index)));
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`the plan does not fit ${showBytes(change.file)}: ${error.message}`);
    throw error;
  }
}

function twinOf(step: Step, index: number): Twin[] {
  if (step.kind === 'remove' || step.kind === 'create' || step.kind === 'add') return [];
  return [{ name: String(index), kind: step.kind === 'retarget' ? 'symlink' : 'file', of: step.path }];
}
