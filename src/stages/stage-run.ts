/** The part of a run before anything of the tree changes: originals kept, everything new written, made like the originals, and on the disk. */
import type { Step } from '../formats/journal-records.ts';
import { AttributeCopier, requireAttributes, twinOf } from '../io/attributes.ts';
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
import { writeChanges, type WrittenChanges } from './write-changes.ts';

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
  let copies = await keepUnwritten(staging, pace);
  checkpoint('originals');
  const attributes = new AttributeCopier(run.folder);
  try {
    const written = await writeAll(staging, attributes, pace);
    copies += written.copies;
    const added = await stageAdditions(run, plan, pace);
    if (memory !== null) writeMemory(run, steps, memory, attributes);
    checkpoint('new');
    const notKept = await attributes.finish();
    checkpoint('attributes');
    const inexact = await syncAndCheck(run, steps, pace);
    checkpoint('synced');
    for (const [index, step] of steps.entries()) requireUnchanged(run, index, step);
    await pace.breathe();
    return { after: written.after, added, warnings: [...copiesWarning(copies), ...notKept, ...inexact] };
  } finally {
    await attributes.settle();
  }
}

/** Keeps the originals of all steps but those that write a file of the tree anew: who writes that keeps its original. Returns how many are copies. */
async function keepUnwritten({ run, plan: { changes }, steps }: Staging, pace: Pace): Promise<number> {
  let copies = 0;
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'create' || step.kind === 'add' || changes[index]?.kind === 'content') continue;
    if (!keepOriginal(run, index, step)) copies++;
    await pace.rest();
  }
  return copies;
}

function copiesWarning(copies: number): string[] {
  return copies === 0 ? [] : [`hard links are refused here, so undo will bring back ${copies} files as copies`];
}

async function writeAll(
  { run, plan: { changes }, steps, jobs }: Staging,
  attributes: AttributeCopier,
  pace: Pace,
): Promise<WrittenChanges> {
  const sync = new EarlySync(run.folder);
  try {
    return await writeChanges({ run, changes, steps, jobs, beside: { sync, attributes } }, pace);
  } finally {
    await sync.settle();
  }
}

function writeMemory(run: Run, steps: readonly Step[], memory: string, attributes: AttributeCopier): void {
  const index = steps.length - 1;
  writeOwnRecord(run, index, memory);
  const step = steps[index];
  const twin = step === undefined ? null : twinOf(index, step);
  if (twin !== null) attributes.add(twin);
}

/** Puts the run's folder on the disk, and looks at what was written while the disk works. */
async function syncAndCheck(run: Run, steps: readonly Step[], pace: Pace): Promise<string[]> {
  const written = [...steps.entries()].flatMap(([index, { kind }]) =>
    kind === 'content' || kind === 'create' ? [String(index)] : [],
  );
  const twins = [...steps.entries()].flatMap(([index, step]) => twinOf(index, step) ?? []);
  // both end before anything is taken away
  const [synced, inexact] = await Promise.allSettled([
    syncFiles(joinAbsolute(run.folder, 'new'), written),
    requireAttributes(run.folder, twins, () => pace.rest()),
  ]);
  if (inexact.status === 'rejected') throw inexact.reason;
  if (synced.status === 'rejected') throw synced.reason;
  syncFolder(joinAbsolute(run.folder, 'orig'));
  return inexact.value;
}
