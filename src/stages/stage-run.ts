/** The part of a run before anything of the tree changes: originals kept, everything new written, made like the originals, and on the disk. */
import type { Step } from '../formats/journal-records.ts';
import { copyAttributes, type Twin } from '../io/attributes.ts';
import { EarlySync, syncFiles, syncFolder } from '../io/durable.ts';
import type { Run } from '../io/journal.ts';
import { writeOwnRecord } from '../io/new-files.ts';
import { keepOriginal } from '../io/originals.ts';
import { requireUnchanged } from '../io/standing.ts';
import { stageAdditions } from './stage-additions.ts';
import { joinAbsolute, type TreePath } from '../model/path.ts';
import type { FileChange, Plan } from '../model/plan.ts';
import type { Pace } from './pace.ts';
import type { Checkpoint } from './transaction.ts';
import { writeChanges } from './write-changes.ts';

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
  /** Threads at most. */
  readonly jobs: number;
}

/**
 * Fills the run's folder. Nothing of the tree itself is changed.
 * @throws StalePlanError, UsageError, RolledBackError or a system error: the caller takes the run away
 */
export async function stageRun(staging: Staging, pace: Pace, checkpoint: Checkpoint): Promise<StagedRun> {
  const { run, plan, steps, memory } = staging;
  const warnings = await keepOriginals(run, steps, pace);
  checkpoint('originals');
  const after = await writeAll(staging, pace);
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
    if (!keepOriginal(run, index, step)) copies++;
    await pace.rest();
  }
  syncFolder(joinAbsolute(run.folder, 'orig'));
  return copies === 0 ? [] : [`hard links are refused here, so undo will bring back ${copies} files as copies`];
}

async function writeAll({ run, plan: { changes }, steps, jobs }: Staging, pace: Pace): Promise<StagedRun['after']> {
  const early = new EarlySync(run.folder);
  try {
    return await writeChanges({ run, changes, steps, jobs }, pace, early);
  } finally {
    await early.settle();
  }
}

function twinOf(step: Step, index: number): Twin[] {
  if (step.kind === 'remove' || step.kind === 'create' || step.kind === 'add') return [];
  return [{ name: String(index), kind: step.kind === 'retarget' ? 'symlink' : 'file', of: step.path }];
}
