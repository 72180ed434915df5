/** What stands at a path of a tree while or after a run changes it: what was there, what the run puts there, or something of someone else. */
import { hash } from 'node:crypto';
import { readlinkSync, type BigIntStats } from 'node:fs';
import { showBytes } from '../formats/byte-text.ts';
import type { Step } from '../formats/journal-records.ts';
import { StalePlanError } from '../model/errors.ts';
import type { TreePath } from '../model/path.ts';
import { requireAbsent } from './additions.ts';
import { openPath } from './entries.ts';
import { digestFile } from './file-facts.ts';
import { namesOfStep, placeIn, type Run } from './journal.ts';
import { isSameInode, lookAt } from './look.ts';

export type Standing = 'original' | 'new' | 'absent' | 'other';

/**
 * Tells what stands at one of the names of a step. Quick where the journal still has the inode and size and time are as they were;
 * else the bytes decide, so that it holds for a tree that was copied too.
 */
export function standingOf(run: Run, index: number, step: Step, after: string | null, name: TreePath): Standing {
  const place = openPath(run.tree, name);
  const stat = lookAt(place);
  if (stat === null) return 'absent';
  const original = lookAt(placeIn(run, 'orig', index));
  if (original !== null && isSameInode(stat, original) && isUntouched(stat, step)) return 'original';
  const successor = lookAt(placeIn(run, 'new', index));
  if (successor !== null && isSameInode(stat, successor) && stat.mtimeNs.toString() === step.mtime) return 'new';
  const digest = digestOf(place, stat);
  if (digest === null) return 'other';
  // an original that is put back must be the inode itself, so where both have the same bytes this is the new one
  if (digest === after) return 'new';
  return digest === step.before ? 'original' : 'other';
}

/** What the journal has of a step: nothing where it was not carried out; `other` where a name outside the tree led to the inode and was written to. */
export function keptOriginal(run: Run, index: number, step: Step): 'original' | 'other' | 'none' {
  const place = placeIn(run, 'orig', index);
  const stat = lookAt(place);
  if (stat === null) return 'none';
  return isUntouched(stat, step) || digestOf(place, stat) === step.before ? 'original' : 'other';
}

/** Whether nobody wrote into an inode since the run began. */
export function isUntouched(stat: BigIntStats, { size, mtime }: Step): boolean {
  return stat.size.toString() === size && stat.mtimeNs.toString() === mtime;
}

/**
 * Looks once more at all names of a step just before the run is carried out.
 * @throws StalePlanError where one is not what was read
 */
export function requireUnchanged(run: Run, index: number, step: Step): void {
  if (step.kind === 'create') return;
  if (step.kind === 'add') {
    requireAbsent(run.tree, step.path);
    return;
  }
  const original = lookAt(placeIn(run, 'orig', index));
  for (const name of namesOfStep(step)) {
    const place = openPath(run.tree, name);
    const stat = lookAt(place);
    // a copy has another inode, and on overlayfs even a hard link may show another number: then the bytes decide
    const isSame =
      stat !== null && original !== null && (isSameInode(stat, original) || digestOf(place, stat) === step.before);
    if (!isSame || !isUntouched(stat, step))
      throw new StalePlanError(`${showBytes(name)} changed while it was read; scan again`);
  }
}

/** sha256 of a file's bytes or a symlink's text; null for anything else. */
export function digestOf(place: Buffer | string, stat: BigIntStats): string | null {
  if (stat.isFile()) return digestFile(place);
  return stat.isSymbolicLink() ? hash('sha256', readlinkSync(place, { encoding: 'buffer' })) : null;
}
