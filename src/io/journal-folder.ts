/**
 * How the journal comes into a tree and goes from it without a trace. Making or removing `.relocate` changes the modification time of
 * the tree's root, so while that happens the folder's name tells the time to give back: `.relocate-<nanoseconds>`.
 */
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';
import type { Intent } from '../formats/journal-records.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import { asTreePath, joinAbsolute, joinTree, type AbsolutePath, type TreePath } from '../model/path.ts';
import { syncFolder } from './durable.ts';
import { hostPath } from './entries.ts';
import { runTool } from './host-tool.ts';
import {
  foldersIn,
  hasOwnFolder,
  JOURNAL,
  journalFolders,
  namesOf,
  readMarker,
  runOf,
  runsOf,
  writeIntent,
  type Run,
} from './journal.ts';
import { lookAt } from './look.ts';
import { restoreTimes, timeOf } from './times.ts';

const ROOT: TreePath = asTreePath('');
const HALF_MADE = /^\.relocate-(-?\d+)$/;
const GONE = /^gone-[1-9]\d*$/;

/** The modification time of the tree's root, nanoseconds. */
export function rootTimeOf(tree: AbsolutePath): string {
  return String(timeOf(tree, ROOT));
}

/** Begins a run: its folder and its intent, on the disk. */
export function beginRun(
  tree: AbsolutePath,
  plan: Omit<Intent, 'version' | 'run' | 'rootTime'>,
): { readonly run: Run; readonly intent: Intent } {
  const rootTime = rootTimeOf(tree);
  const number = (runsOf(tree).at(-1)?.number ?? 0) + 1;
  const intent: Intent = { version: 1, run: number, rootTime, ...plan };
  const isFirst = !hasOwnFolder(tree);
  const home = isFirst ? asTreePath(`${OWN_PATHS.folder}-${rootTime}`) : OWN_PATHS.folder;
  if (isFirst) mkdirSync(hostPath(tree, home), { mode: 0o755 });
  writeIntent(tree, home, intent);
  syncFolder(joinAbsolute(tree, joinTree(home, 'journal')));
  if (isFirst) {
    syncFolder(joinAbsolute(tree, home));
    renameSync(hostPath(tree, home), hostPath(tree, OWN_PATHS.folder));
    syncFolder(tree);
  }
  return { run: runOf(tree, number), intent };
}

/** Takes away all that a run left which did not come to be staged; `rootTime` is what the root had before. */
export async function removeUnstaged(tree: AbsolutePath, rootTime: string): Promise<void> {
  await removeLeftovers(tree);
  for (const run of runsOf(tree)) if (readMarker(run) === null) await removeRun(run, rootTime);
}

/** Takes away a run's folder, and `.relocate` with it where nothing else is in there; `rootTime` is then given back. */
export async function removeRun(run: Run, rootTime: string): Promise<void> {
  const { tree, number } = run;
  const others = namesOf(tree, OWN_PATHS.folder).filter((name) => name !== 'journal');
  const otherRuns = namesOf(tree, JOURNAL).filter((name) => name !== String(number) && !GONE.test(name));
  if (others.length === 0 && otherRuns.length === 0) {
    renameSync(hostPath(tree, OWN_PATHS.folder), hostPath(tree, `${OWN_PATHS.folder}-${rootTime}`));
  } else {
    const gone = joinAbsolute(tree, joinTree(JOURNAL, `gone-${number}`));
    renameSync(encodeBytes(run.folder), encodeBytes(gone));
    syncFolder(joinAbsolute(tree, JOURNAL));
  }
  await removeLeftovers(tree);
}

/** What a finished run has not used: nothing, unless someone else was at work meanwhile. */
export function removeNewFiles(run: Run): void {
  for (const name of ['new', 'beside']) {
    const place = encodeBytes(`${run.folder}/${name}`);
    if (lookAt(place) !== null) removeAll(place);
  }
}

/** Whether a run was cut short while its folder came or went. */
export function hasLeftovers(tree: AbsolutePath): boolean {
  return leftoverFolders(tree).length > 0;
}

/** Takes away what is left of such runs. Nothing of the tree itself was or is changed. */
export async function removeLeftovers(tree: AbsolutePath): Promise<void> {
  for (const folder of leftoverFolders(tree)) {
    const place = hostPath(tree, folder);
    for (const name of readdirSync(place, { encoding: 'buffer' }))
      removeAll(Buffer.concat([place, Buffer.from('/'), name]));
    const rootTime = HALF_MADE.exec(folder)?.[1];
    if (rootTime === undefined) rmdirSync(place);
    else await removeKeepingTime(tree, folder, BigInt(rootTime));
  }
}

function leftoverFolders(tree: AbsolutePath): TreePath[] {
  return [
    ...journalFolders(tree)
      .filter((name) => GONE.test(name))
      .map((name) => joinTree(JOURNAL, name)),
    ...foldersIn(tree, ROOT)
      .filter((name) => HALF_MADE.test(name))
      .map(asTreePath),
  ];
}

/**
 * Removes an empty folder of the root and sets the root's time. A shell does both in a session of its own, so that they happen together
 * even if relocate is killed between them; where its `touch` knows no nanoseconds, the time is set as well as it can be afterwards.
 */
async function removeKeepingTime(tree: AbsolutePath, folder: TreePath, time: bigint): Promise<void> {
  const magnitude = time < 0n ? -time : time;
  const date = `@${time < 0n ? '-' : ''}${magnitude / 1_000_000_000n}.${String(magnitude % 1_000_000_000n).padStart(9, '0')}`;
  await runTool(tree, ['sh', '-c', 'rmdir "$0" && touch -m -d "$1" .', folder, date]);
  if (lookAt(hostPath(tree, folder)) !== null) rmdirSync(hostPath(tree, folder));
  await restoreTimes(tree, [{ path: ROOT, mtime: time }]);
}

/** A file, or a folder with all that is in it; follows no link. */
function removeAll(place: Buffer): void {
  if (!lstatSync(place).isDirectory()) {
    unlinkSync(place);
    return;
  }
  for (const name of readdirSync(place, { encoding: 'buffer' }))
    removeAll(Buffer.concat([place, Buffer.from('/'), name]));
  rmdirSync(place);
}
