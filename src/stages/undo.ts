/** undo: takes back the newest run: the same inodes, bytes, modes, times, links and hard links as before it. */
import { showBytes } from '../formats/byte-text.ts';
import type { Intent } from '../formats/journal-records.ts';
import { requireOwnFolderPossible, requireWritableFolders } from '../io/changeable.ts';
import { namesOfStep, readIntent, readMarker, readReceipt, runsOf, writeMarker, type Run } from '../io/journal.ts';
import { withLock } from '../io/lock.ts';
import { whyItEnded } from '../io/reasons.ts';
import { keptOriginal } from '../io/standing.ts';
import { foreignNames, isOwnRecord } from '../io/switch.ts';
import { NeedsRecoverError, StalePlanError, UsageError } from '../model/errors.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { Undone } from '../model/receipt.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { refuseWhilePending } from './pending.ts';
import { keptWarning, lostSteps, takeBackRun, type Checkpoint, type WayOut } from './transaction.ts';
import { findTree } from './tree.ts';

export interface UndoOptions extends PaceOptions {
  /** Take back what others changed since, too. */
  readonly force?: boolean;
  /** For tests: told where the run may be cut short. */
  readonly checkpoint?: Checkpoint;
}

/** How many paths a refusal names. */
const NAMED = 5;

/**
 * Takes back the newest run of `fix`. The tree may have been moved or copied since.
 * @throws UsageError where there is nothing to undo, or no room to begin
 * @throws StalePlanError where a file was changed again since, unless `force`: nothing was changed
 * @throws NeedsRecoverError where an earlier run was cut short, or this one could not be ended
 */
export async function undo(tree: string, options: UndoOptions = {}): Promise<Undone> {
  const { logical } = findTree(tree);
  return withLock(logical, 'undo', async () => {
    refuseWhilePending(logical);
    const run = runsOf(logical).at(-1);
    if (run === undefined)
      throw new UsageError(`there is nothing to undo in ${logical}: relocate has changed nothing there`);
    const intent = readIntent(run);
    requireOwnFolderPossible(logical);
    requireWritableFolders(logical, intent.folders);
    if (options.force !== true) await refuseWhatChangedSince(run, intent, new Pace(options, intent.steps.length));
    const checkpoint = options.checkpoint ?? ((): void => {});
    checkpoint('checked');
    const names = restorable(run, intent);
    const { kept, warnings } = await takeBack(run, intent, options.force === true, checkpoint);
    const left = new Set(kept);
    return {
      version: 1,
      run: run.number,
      restored: names.filter((name) => !left.has(name)),
      warnings: [...warnings, ...kept.map(keptWarning)],
    };
  });
}

async function refuseWhatChangedSince(run: Run, intent: Intent, pace: Pace): Promise<void> {
  const after = new Map((readReceipt(run)?.changes ?? []).map((change) => [change.file, change.after]));
  const isLost = lostSteps(run.tree, intent);
  const changed: TreePath[] = [];
  for (const [index, step] of intent.steps.entries()) {
    const original = step.kind === 'add' ? 'original' : keptOriginal(run, index, step);
    if (original === 'other' || (original === 'original' && isLost(step))) changed.push(step.path);
    else if (original === 'original') changed.push(...foreignNames(run, index, step, after.get(step.path) ?? null));
    await pace.step(Number(step.size));
  }
  if (changed.length === 0) return;
  const named = changed.slice(0, NAMED).map(showBytes).join(', ');
  const more = changed.length > NAMED ? ` and ${changed.length - NAMED} more` : '';
  throw new StalePlanError(
    `changed again since that run: ${named}${more}; nothing was undone. --force takes that back too`,
  );
}

/** @throws UsageError where not even that it has begun can be written, as on a full disk: the run counts as before */
function begin(run: Run, forced: boolean): void {
  try {
    writeMarker(run, 'undoing', forced);
  } catch (error) {
    if (readMarker(run)?.state === 'undoing') throw needsRecover(run.tree, error);
    throw new UsageError(`undo can't begin: ${whyItEnded(error)}; nothing was changed`);
  }
}

async function takeBack(run: Run, intent: Intent, forced: boolean, checkpoint: Checkpoint): Promise<WayOut> {
  begin(run, forced);
  try {
    checkpoint('undoing');
    return await takeBackRun(run, intent, false, checkpoint);
  } catch (error) {
    throw needsRecover(run.tree, error);
  }
}

function needsRecover(tree: AbsolutePath, error: unknown): NeedsRecoverError {
  return new NeedsRecoverError(
    `undo stopped midway (${whyItEnded(error)}); run 'relocate recover ${tree}' when that is put right`,
  );
}

/** The names of the steps that were carried out. */
function restorable(run: Run, { steps }: Intent): TreePath[] {
  return [...steps.entries()].flatMap(([index, step]) =>
    (step.kind !== 'add' && keptOriginal(run, index, step) === 'none') || isOwnRecord(step.path)
      ? []
      : namesOfStep(step),
  );
}
