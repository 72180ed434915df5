/** The two ways out of a run that has been staged: carried out to its end, or taken back. Each step may have been done before. */
import { showBytes } from '../formats/byte-text.ts';
import type { Intent, Step } from '../formats/journal-records.ts';
import { removeByteCodeOf } from '../io/byte-code.ts';
import { realFolders } from '../io/changeable.ts';
import { syncFolders } from '../io/durable.ts';
import { removeNewFiles, removeRun } from '../io/journal-folder.ts';
import { namesOfStep, readReceipt, writeMarker, writeReceipt, type Run } from '../io/journal.ts';
import { forgetOriginal, putBack, putNew } from '../io/switch.ts';
import { restoreTimes } from '../io/times.ts';
import { dirName, joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Receipt } from '../model/receipt.ts';

/** Told the name of each point at which a run may be cut short: tests stop there. */
export type Checkpoint = (name: string) => void;

export interface WayOut {
  /** Where something of someone else stood: left as it is. */
  readonly kept: readonly TreePath[];
  readonly warnings: readonly string[];
}

/** A run whose new files all lie ready. */
export interface ReadyRun {
  readonly run: Run;
  readonly intent: Intent;
  /** As it was written to the run's folder. */
  readonly receipt: Receipt | null;
  /** Throw at the first path where something of someone else stands; otherwise such paths are kept, and the receipt forgets them. */
  readonly strict: boolean;
}

/** Puts everything new in its place and ends the run. */
export async function finishRun(ready: ReadyRun, checkpoint: Checkpoint): Promise<WayOut> {
  const { run, intent, receipt, strict } = ready;
  const after = newDigests(receipt);
  const isLost = lostSteps(run.tree, intent);
  const kept: TreePath[] = [];
  for (const [index, step] of intent.steps.entries()) {
    if (isLost(step) || !putNew(run, index, step, after.get(step.path) ?? null)) {
      if (strict) throw new Error(`${showBytes(step.path)} was changed by someone else meanwhile`);
      forgetOriginal(run, index);
      kept.push(...namesOfStep(step));
    }
    checkpoint(`switched ${index}`);
  }
  const warnings = await settleFolders(run, intent);
  if (kept.length > 0 && receipt !== null) forget(run, receipt, kept);
  checkpoint('folders');
  writeMarker(run, 'done');
  checkpoint('done');
  removeNewFiles(run);
  return { kept, warnings };
}

/**
 * Puts every original back and takes the run's folder away. `onlyOurs` keeps what someone changed since; otherwise that goes too.
 * The run must say by its marker that it is on the way back, or never have been staged.
 */
export async function takeBackRun(
  run: Run,
  intent: Intent,
  onlyOurs: boolean,
  checkpoint: Checkpoint,
): Promise<WayOut> {
  const after = newDigests(readReceipt(run));
  const isLost = lostSteps(run.tree, intent);
  const kept: TreePath[] = [];
  for (const [index, step] of intent.steps.entries()) {
    if (isLost(step) || !putBack(run, index, step, after.get(step.path) ?? null, onlyOurs))
      kept.push(...namesOfStep(step));
    checkpoint(`put back ${index}`);
  }
  removeByteCodeOf(run.tree, intent.steps, Date.parse(intent.at));
  const warnings = await settleFolders(run, intent);
  checkpoint('folders');
  await removeRun(run, intent.rootTime);
  return { kept, warnings };
}

/** What is told of a path that was left alone. */
export function keptWarning(path: TreePath): string {
  return `${showBytes(path)} was changed by someone else meanwhile and left as it is`;
}

/** Gives the folders their times and puts all that on the disk. */
async function settleFolders(run: Run, intent: Intent): Promise<string[]> {
  const isReal = realFolders(run.tree);
  const folders = intent.folders.filter(({ path }) => isReal(path));
  const inexact = await restoreTimes(
    run.tree,
    folders.map(({ path, mtime }) => ({ path, mtime: BigInt(mtime) })),
  );
  await syncFolders(
    run.tree,
    folders.map(({ path }) => joinAbsolute(run.tree, path)),
  );
  return inexact.length === 0
    ? []
    : [`the modification times of ${inexact.length} folders could not be given back exactly`];
}

/** Whether a step's folder is gone, or a symlink now leads out of it. The steps are asked, not the intent's list: it can come from anywhere. */
export function lostSteps(tree: AbsolutePath, { steps }: Intent): (step: Step) => boolean {
  const isReal = realFolders(tree);
  const folders = new Set(steps.flatMap(namesOfStep).map(dirName));
  const lost = new Set([...folders].filter((path) => !isReal(path)));
  return (step) => lost.size > 0 && namesOfStep(step).some((name) => lost.has(dirName(name)));
}

/** What stands at the first name of each change after the run. */
function newDigests(receipt: Receipt | null): ReadonlyMap<TreePath, string | null> {
  return new Map((receipt?.changes ?? []).map(({ file, after }) => [file, after]));
}

/** A receipt tells what was done: not what was left to someone else. */
function forget(run: Run, receipt: Receipt, kept: readonly TreePath[]): void {
  const left = new Set(kept);
  const changes = receipt.changes.filter(({ file }) => !left.has(file));
  const warnings = [...receipt.warnings, ...kept.map(keptWarning)];
  writeReceipt(run, { ...receipt, changes, warnings } satisfies Receipt);
}
