/** What a tree's journal says: runs that are done, and one that was cut short. */
import { hasLeftovers } from '../io/journal-folder.ts';
import { mayReadJournal, readIntent, readMarker, readReceipt, runsOf, type Run } from '../io/journal.ts';
import { NeedsRecoverError } from '../model/errors.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { PendingRun, Receipt } from '../model/receipt.ts';
import { findTree } from './tree.ts';

/** The runs that changed the tree and were not undone, oldest first. */
export function history(tree: string): Receipt[] {
  const { logical } = findTree(tree);
  return runsOf(logical).flatMap((run) => {
    const receipt = readMarker(run)?.state === 'done' ? readReceipt(run) : null;
    return receipt === null ? [] : [receipt];
  });
}

/** The run of a tree that was cut short, or is under way; null where there is none, or where it may not be known. Reads only. */
export function pendingRun(tree: string): PendingRun | null {
  const { logical } = findTree(tree);
  if (!mayReadJournal(logical)) return null;
  const run = unfinishedRun(logical);
  if (run === null) return hasLeftovers(logical) ? { run: null, state: 'clearing', at: '' } : null;
  const state = readMarker(run)?.state ?? 'preparing';
  return {
    run: run.number,
    state: state === 'undoing' || state === 'preparing' ? state : 'switching',
    at: beganAt(run),
  };
}

/**
 * For commands that look at a tree: one that is half way between two states tells nothing true.
 * @throws NeedsRecoverError where a run was cut short, LockedError where it is still at work
 */
export async function requireSettled(tree: string): Promise<void> {
  const { logical } = findTree(tree);
  if (pendingRun(logical) === null) return;
  const { lockedBy, lockHolder } = await import('../io/lock.ts');
  const holder = await lockHolder(logical);
  if (holder !== null) throw lockedBy(holder, logical);
  refuseWhilePending(logical);
}

/** For the one who holds the lock. @throws NeedsRecoverError where a run was cut short */
export function refuseWhilePending(tree: AbsolutePath): void {
  const pending = pendingRun(tree);
  if (pending === null) return;
  throw new NeedsRecoverError(
    `an earlier run in ${tree} was cut short${pending.at === '' ? '' : ` (begun ${pending.at})`}: 'relocate recover ${tree}' finishes it, with --back takes it back`,
  );
}

/** The run that is neither done nor gone. */
export function unfinishedRun(tree: AbsolutePath): Run | null {
  return runsOf(tree).findLast((run) => readMarker(run)?.state !== 'done') ?? null;
}

/** Empty where the run was cut short before it had written that down. */
function beganAt(run: Run): string {
  try {
    return readIntent(run).at;
  } catch {
    return '';
  }
}
