/** apply: carries a plan out in the tree, as one transaction: killed anywhere, the tree can be taken forward or back, and undone later. */
import { availableParallelism } from 'node:os';
import type { FolderTime, Intent, Step } from '../formats/journal-records.ts';
import { additionStep } from '../io/additions.ts';
import { asker, foldersOf, folderWarnings, ownRecordStep, requireOwnFolderPossible, stepOf } from '../io/changeable.ts';
import { beginRun, removeUnstaged, rootTimeOf } from '../io/journal-folder.ts';
import { hasOwnFolder, writeMarker, writeReceipt, type Run } from '../io/journal.ts';
import { withLock } from '../io/lock.ts';
import { whyItEnded } from '../io/reasons.ts';
import { readTreeMemory, TREE_MEMORY, treeMemoryText } from '../io/tree-memory.ts';
import { NeedsRecoverError, RelocateError, RolledBackError } from '../model/errors.ts';
import { asTreePath, type AbsolutePath } from '../model/path.ts';
import { PLACEHOLDER_PREFIX, type FileChange, type Plan } from '../model/plan.ts';
import type { Receipt } from '../model/receipt.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { refuseWhilePending } from './pending.ts';
import { emptyReceipt, receiptOf } from './receipts.ts';
import { stageRun } from './stage-run.ts';
import { finishRun, takeBackRun, type Checkpoint, type WayOut } from './transaction.ts';
import { findTree } from './tree.ts';

export interface ApplyOptions extends PaceOptions {
  /** Threads at most; by default one for each processor. */
  readonly jobs?: number;
  /** For tests: told where a run may be cut short. */
  readonly checkpoint?: Checkpoint;
}

/** A run that is about to begin. */
interface Prepared {
  readonly plan: Plan;
  readonly steps: readonly Step[];
  readonly folders: readonly FolderTime[];
  readonly memory: string | null;
  readonly jobs: number;
}

/**
 * Changes the tree as the plan says, or not at all. A plan without changes touches nothing and leaves no journal; but where what stays
 * is absolute and true here, the tree remembers this place, so that it can be repaired after a move.
 * @example await apply(plan(await scan('/srv/site')))
 * @throws StalePlanError, UsageError: nothing was changed
 * @throws RolledBackError, InterruptedError: what was begun was taken back
 * @throws NeedsRecoverError: an earlier run, or this one, has to be recovered
 * @throws LockedError: another run is at work in the tree
 */
export async function apply(asked: Plan, options: ApplyOptions = {}): Promise<Receipt> {
  const { logical: tree } = findTree(asked.tree);
  const plan: Plan = { ...asked, tree, changes: asked.changes.filter(writesSomething) };
  const at = new Date().toISOString();
  if (plan.changes.length === 0 && plan.bundle === undefined && !mustRemember(plan)) return emptyReceipt(tree, at);
  return withLock(tree, 'fix', async () => {
    refuseWhilePending(tree);
    const checkpoint = options.checkpoint ?? ((): void => {});
    const pace = new Pace(options, plan.changes.length);
    const prepared = { ...(await prepare(plan, pace)), jobs: options.jobs ?? availableParallelism() };
    checkpoint('checked');
    const staged = await stage(prepared, at, pace, checkpoint);
    const { warnings } = await carryOut(staged, checkpoint);
    return { ...staged.receipt, warnings: [...staged.receipt.warnings, ...warnings] };
  });
}

/** Sites that are only rendered later (a slot, a template once more) leave the bytes as they are. */
function writesSomething(change: FileChange): boolean {
  return change.kind !== 'content' || change.splices.length > 0 || change.follows.length > 0;
}

/** Everything that can be found wrong is found here, before anything is written. */
async function prepare(plan: Plan, pace: Pace): Promise<Omit<Prepared, 'jobs'>> {
  const { tree } = plan;
  requireOwnFolderPossible(tree);
  const steps: Step[] = [];
  const who = asker();
  for (const change of plan.changes) {
    steps.push(stepOf(tree, change, who));
    await pace.rest();
  }
  for (const path of plan.bundle?.additions ?? []) steps.push(additionStep(path));
  // making `.relocate` changes the time of the root
  const folders = foldersOf(tree, steps, hasOwnFolder(tree) ? [] : [asTreePath('')]);
  const memory = newMemory(plan);
  return { plan, folders, memory, steps: memory === null ? steps : [...steps, ownRecordStep(tree, TREE_MEMORY)] };
}

/** Whether something stays that only the tree's memory will explain once the tree is elsewhere. */
function mustRemember(plan: Plan): boolean {
  return plan.refusals.some(({ reason }) => reason === 'in-place') && newMemory(plan) !== null;
}

/** The prefixes by which the tree was known, and those that its files say from now on; null where it remembers just these. */
function newMemory({ tree, relocations, via: planned, refusals }: Plan): string | null {
  const known = readTreeMemory(tree);
  // a link that does not lead here any more is remembered as long as something names it
  const isNamed = refusals.some(({ reference }) => reference.prefix !== null && reference.prefix === known?.via);
  const via = planned ?? (isNamed ? (known?.via ?? null) : null);
  const here = { path: tree, base: asTreePath('') };
  const news = relocations.flatMap(({ from, base, to }) => [
    { path: from, base },
    { path: to ?? PLACEHOLDER_PREFIX, base: asTreePath('') },
  ]);
  const prefixes = new Map(
    [...(known?.prefixes ?? []), here, ...news, ...(via === null ? [] : [{ path: via, base: here.base }])].map(
      (prefix) => [`${prefix.base}\0${prefix.path}`, prefix],
    ),
  );
  return known !== null && prefixes.size === known.prefixes.length && via === known.via
    ? null
    : treeMemoryText([...prefixes.values()], via);
}

interface Staged {
  readonly run: Run;
  readonly intent: Intent;
  readonly receipt: Receipt;
}

/** Up to the one write that makes the run count. Whatever goes wrong before it is taken back: the tree is as it was. */
async function stage(
  { plan, steps, folders, memory, jobs }: Prepared,
  at: string,
  pace: Pace,
  checkpoint: Checkpoint,
): Promise<Staged> {
  const { tree } = plan;
  const rootTime = rootTimeOf(tree);
  try {
    const { run, intent } = beginRun(tree, { at, folders, steps });
    checkpoint('intent');
    const { after, added, warnings } = await stageRun({ run, plan, steps, memory, jobs }, pace, checkpoint);
    const receipt = receiptOf(plan, {
      run: run.number,
      at,
      after,
      added,
      warnings: [...(plan.bundle?.warnings ?? []), ...warnings, ...folderWarnings(tree, folders)],
    });
    writeReceipt(run, receipt);
    checkpoint('receipt');
    writeMarker(run, 'staged');
    return { run, intent, receipt };
  } catch (error) {
    await orNeedsRecover(tree, error, () => removeUnstaged(tree, rootTime));
    throw error instanceof RelocateError ? error : new RolledBackError(`${whyItEnded(error)}; nothing was changed`);
  }
}

/** From there on: finished, or taken back. */
async function carryOut({ run, intent, receipt }: Staged, checkpoint: Checkpoint): Promise<WayOut> {
  try {
    checkpoint('staged');
    return await finishRun({ run, intent, receipt, strict: true }, checkpoint);
  } catch (error) {
    await orNeedsRecover(run.tree, error, async () => {
      writeMarker(run, 'undoing');
      await takeBackRun(run, intent, true, checkpoint);
    });
    throw new RolledBackError(`${whyItEnded(error)}; everything was taken back`);
  }
}

async function orNeedsRecover(tree: AbsolutePath, cause: unknown, takeBack: () => Promise<void>): Promise<void> {
  try {
    await takeBack();
  } catch (error) {
    const why = `${whyItEnded(cause)}, and taking back failed too: ${whyItEnded(error)}`;
    throw new NeedsRecoverError(`${why}; run 'relocate recover ${tree}' when that is put right`);
  }
}
