/** The steps that change a tree, each of them one rename, unlink or link, and each such that doing it twice is doing it once. */
import { renameSync, unlinkSync } from 'node:fs';
import type { Step } from '../formats/journal-records.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import type { TreePath } from '../model/path.ts';
import { isAdditionForeign, putAddition, takeAddition } from './additions.ts';
import { openPath } from './entries.ts';
import { namesOfStep, placeIn, type Run } from './journal.ts';
import { isSameInode, lookAt } from './look.ts';
import { linkEntry } from './originals.ts';
import { standingOf, type Standing } from './standing.ts';

/**
 * Puts what is new at all names of a step, or removes them.
 * @returns false where something of someone else stands at one of them: then the step is not carried out
 */
export function putNew(run: Run, index: number, step: Step, after: string | null): boolean {
  if (step.kind === 'add') return putAddition(run, index, step);
  const successor = placeIn(run, 'new', index);
  if (isOwnRecord(step.path)) {
    if (lookAt(successor) !== null) renameSync(successor, openPath(run.tree, step.path));
    return true;
  }
  const isRemoval = step.kind === 'remove';
  const old = new Set<TreePath>();
  for (const name of namesOfStep(step)) {
    const standing = standingOf(run, index, step, after, name);
    if (standing === 'other' || (standing === 'absent' && !isRemoval)) return false;
    if (standing === 'original') old.add(name);
  }
  if (isRemoval) for (const name of old) unlinkSync(openPath(run.tree, name));
  else putAtAll(run, successor, step, old);
  return true;
}

/**
 * Puts the original inode back at all names of a step. With `onlyOurs` a step is left alone where something of someone else stands.
 * @returns false where it was left alone
 */
export function putBack(run: Run, index: number, step: Step, after: string | null, onlyOurs: boolean): boolean {
  if (step.kind === 'add') return takeAddition(run, index, step, after, onlyOurs);
  const original = placeIn(run, 'orig', index);
  if (step.kind === 'create') {
    if (lookAt(openPath(run.tree, step.path)) !== null) unlinkSync(openPath(run.tree, step.path));
    return true;
  }
  if (lookAt(original) === null) return true;
  const names = new Set(namesOfStep(step));
  for (const name of namesOfStep(step)) {
    // what is in a folder that took the place of a file is more than was asked to go
    if (lookAt(openPath(run.tree, name))?.isDirectory() === true) return false;
    if (!onlyOurs) continue;
    const standing = standingOf(run, index, step, after, name);
    if (isForeign(step, name, standing)) return false;
    if (standing === 'original') names.delete(name);
  }
  putAtAll(run, original, step, names);
  return true;
}

/** The names of a step where neither what was there nor what the run put there stands. */
export function foreignNames(run: Run, index: number, step: Step, after: string | null): TreePath[] {
  if (step.kind === 'add') return isAdditionForeign(run.tree, step, after) ? [step.path] : [];
  return namesOfStep(step).filter((name) => isForeign(step, name, standingOf(run, index, step, after, name)));
}

function isForeign({ kind }: Step, name: TreePath, standing: Standing): boolean {
  if (isOwnRecord(name)) return false;
  if (standing === 'absent') return kind !== 'remove';
  return standing === 'other' && !isByteCodeCache(kind, name);
}

/** What relocate keeps for itself, nobody else changes. */
export function isOwnRecord(name: TreePath): boolean {
  return name.startsWith(`${OWN_PATHS.folder}/`);
}

/** Python writes byte code anew whenever it likes; what it wrote since counts for nothing. */
function isByteCodeCache(kind: Step['kind'], name: TreePath): boolean {
  return name.endsWith('.pyc') && (kind === 'remove' || name.includes('__pycache__/'));
}

/** Forgets the original of a step that was not carried out: undo has nothing to put back there. */
export function forgetOriginal(run: Run, index: number): void {
  if (lookAt(placeIn(run, 'orig', index)) !== null) unlinkSync(placeIn(run, 'orig', index));
}

/** Gives an inode of the run's folder the names of a step, its aliases first: while the journal has it, something is left to do. */
function putAtAll(run: Run, inode: Buffer | string, step: Step, names: ReadonlySet<TreePath>): void {
  const stat = lookAt(inode);
  if (stat === null) return;
  const beside = openPath(run.folder, 'beside');
  for (const alias of step.aliases) {
    const place = openPath(run.tree, alias);
    const there = lookAt(place);
    if (!names.has(alias) || (there !== null && isSameInode(there, stat))) continue;
    if (lookAt(beside) !== null) unlinkSync(beside);
    linkEntry(inode, beside, stat.isSymbolicLink());
    renameSync(beside, place);
  }
  const place = openPath(run.tree, step.path);
  if (names.has(step.path)) renameSync(inode, place);
  // rename does nothing where both names are one inode already (rename(2)), which an inode of one name can't be
  const isMoved = names.has(step.path) && stat.nlink === 1n;
  if (!isMoved && lookAt(inode) !== null) unlinkSync(inode);
}
