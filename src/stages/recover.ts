/** recover: after a run was cut short, takes the tree forward to the state after it, or back to the one before. */
import { hasLeftovers, removeLeftovers, removeUnstaged, rootTimeOf } from '../io/journal-folder.ts';
import { readIntent, readMarker, readReceipt, writeMarker, type Run } from '../io/journal.ts';
import { withLock } from '../io/lock.ts';
import { whyItEnded } from '../io/reasons.ts';
import { NeedsRecoverError, RelocateError } from '../model/errors.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { Recovery } from '../model/receipt.ts';
import { unfinishedRun } from './pending.ts';
import { finishRun, keptWarning, takeBackRun, type Checkpoint } from './transaction.ts';
import { findTree } from './tree.ts';

export interface RecoverOptions {
  /** Take a run back that could be finished. */
  readonly back?: boolean;
  /** For tests: told where the run may be cut short. */
  readonly checkpoint?: Checkpoint;
}

/**
 * Ends a run that was cut short. One that had changed nothing yet is taken back; one that was carrying out its changes is finished
 * (taken back with `back`); an undo is finished. What someone else changed meanwhile is kept and named. Can itself be cut short and repeated.
 * @throws NeedsRecoverError where it can't be ended yet: the message says why
 */
export async function recover(tree: string, options: RecoverOptions = {}): Promise<Recovery> {
  const { logical } = findTree(tree);
  return withLock(logical, 'recover', async () => {
    try {
      return await settle(logical, options);
    } catch (error) {
      if (error instanceof RelocateError) throw error;
      throw new NeedsRecoverError(
        `recovering ${logical} stopped: ${whyItEnded(error)}; put that right and recover again`,
      );
    }
  });
}

async function settle(
  tree: AbsolutePath,
  { back = false, checkpoint = (): void => {} }: RecoverOptions,
): Promise<Recovery> {
  const run = unfinishedRun(tree);
  if (run !== null) return readMarker(run) === null ? await dropUnstaged(run) : await endStaged(run, back, checkpoint);
  if (!hasLeftovers(tree)) return { version: 1, outcome: 'nothing', run: null, kept: [], warnings: [] };
  await removeLeftovers(tree);
  return { version: 1, outcome: 'taken-back', run: null, kept: [], warnings: [] };
}

/** Nothing of the tree had changed. */
async function dropUnstaged(run: Run): Promise<Recovery> {
  await removeUnstaged(run.tree, rootTimeBefore(run));
  return { version: 1, outcome: 'taken-back', run: run.number, kept: [], warnings: [] };
}

/** An intent that was not written whole belongs to a run that had not made `.relocate`: the root still has its time. */
function rootTimeBefore(run: Run): string {
  try {
    return readIntent(run).rootTime;
  } catch {
    return rootTimeOf(run.tree);
  }
}

async function endStaged(run: Run, back: boolean, checkpoint: Checkpoint): Promise<Recovery> {
  const intent = readIntent(run);
  const marker = readMarker(run);
  const isBack = back || marker?.state === 'undoing';
  if (isBack && marker?.state === 'staged') writeMarker(run, 'undoing');
  const { kept, warnings } = isBack
    ? await takeBackRun(run, intent, marker?.forced !== true, checkpoint)
    : await finishRun({ run, intent, receipt: readReceipt(run), strict: false }, checkpoint);
  return {
    version: 1,
    outcome: isBack ? 'taken-back' : 'finished',
    run: run.number,
    kept,
    warnings: [...warnings, ...kept.map(keptWarning)],
  };
}
