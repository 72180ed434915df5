/**
 * The journal of a tree: `.relocate/journal/<number>/` holds what a run is about to do and the means to finish it or to take it back.
 *
 *     intent.json   every path that changes, and the folders' times      orig/<k>   hard links to the inodes that were there
 *     receipt.json  what it did, with new digests                        new/<k>    what comes in their place
 *     marker.json   how far it is; none: nothing of the tree changed
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';
import {
  parseIntent,
  parseMarker,
  parseReceipt,
  type Intent,
  type Marker,
  type Step,
} from '../formats/journal-records.ts';
import { UsageError } from '../model/errors.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import { joinAbsolute, joinTree, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Receipt } from '../model/receipt.ts';
import { writeDurably } from './durable.ts';
import { errorCode, hostPath, openPath, readNames, type Name } from './entries.ts';
import { lookAt } from './look.ts';
import { readSmallFile } from './small-file.ts';

export const JOURNAL: TreePath = joinTree(OWN_PATHS.folder, 'journal');
/** Bytes of a record: some million steps. */
const LIMIT = 512 * 1024 * 1024;

/** One run of a tree's journal. */
export interface Run {
  readonly tree: AbsolutePath;
  readonly number: number;
  /** Its folder. */
  readonly folder: AbsolutePath;
}

export function runOf(tree: AbsolutePath, number: number): Run {
  return { tree, number, folder: joinAbsolute(tree, joinTree(JOURNAL, String(number))) };
}

/** The runs of a tree, oldest first. Reads names only. */
export function runsOf(tree: AbsolutePath): Run[] {
  return journalFolders(tree)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
    .map((number) => runOf(tree, number));
}

/**
 * The folders in the journal. A tree can come from anywhere: where a symlink stands on the way, or in their place, there is no journal,
 * since what is done in one is done in the tree.
 */
export function journalFolders(tree: AbsolutePath): string[] {
  const isReal = [OWN_PATHS.folder, JOURNAL].every((path) => lookAt(hostPath(tree, path))?.isDirectory() === true);
  return isReal ? foldersIn(tree, JOURNAL) : [];
}

/** The names in a folder of the tree; none where there is no such folder. @throws UsageError where it may not be read */
export function namesOf(tree: AbsolutePath, folder: TreePath): string[] {
  return namesIn(tree, folder).map(({ name }) => name);
}

/** The same of the folders in it; symlinks to folders are none. */
export function foldersIn(tree: AbsolutePath, folder: TreePath): string[] {
  return namesIn(tree, folder).flatMap(({ name, type }) => (type === 'directory' ? [name] : []));
}

function namesIn(tree: AbsolutePath, folder: TreePath): Name[] {
  try {
    return readNames(tree, folder);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    if (code === 'EACCES')
      throw new UsageError(`${joinAbsolute(tree, folder)} can not be read (${code}); run as its owner or as root`);
    throw error;
  }
}

/** Whether whoever runs this may read the journal: only its owner and root may. Nobody else can have left a run in it. */
export function mayReadJournal(tree: AbsolutePath): boolean {
  try {
    accessSync(hostPath(tree, JOURNAL), constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    return errorCode(error) !== 'EACCES';
  }
}

/** The place of the original or the new file of step `index`. */
export function placeIn(run: Run, folder: 'orig' | 'new', index: number): Buffer | string {
  return openPath(run.folder, `${folder}/${index}`);
}

/** Makes the folder of a run, with its intent, below `home` (`.relocate`, or what will be renamed to it). */
export function writeIntent(tree: AbsolutePath, home: TreePath, intent: Intent): void {
  const folder = joinAbsolute(tree, joinTree(home, 'journal', String(intent.run)));
  // originals may come from folders that others can't enter, so nobody else may enter here
  mkdirSync(encodeBytes(joinAbsolute(tree, joinTree(home, 'journal'))), { recursive: true, mode: 0o700 });
  for (const place of [folder, `${folder}/orig`, `${folder}/new`]) mkdirSync(encodeBytes(place), { mode: 0o700 });
  writeDurably(folder, 'intent.json', JSON.stringify(intent));
}

/** @throws UsageError where it can't be understood */
export function readIntent(run: Run): Intent {
  return parseIntent(readRecord(run, 'intent.json') ?? '', recordName(run, 'intent.json'));
}

/** Null before the run has one. */
export function readReceipt(run: Run): Receipt | null {
  const json = readRecord(run, 'receipt.json');
  return json === null ? null : parseReceipt(json, recordName(run, 'receipt.json'));
}

export function writeReceipt(run: Run, receipt: Receipt): void {
  writeDurably(run.folder, 'receipt.json', JSON.stringify(receipt));
}

/** Null where nothing of the tree has changed. */
export function readMarker(run: Run): Marker | null {
  const json = readRecord(run, 'marker.json');
  return json === null ? null : parseMarker(json, recordName(run, 'marker.json'));
}

/** The one write that takes a run from one state to the next. */
export function writeMarker(run: Run, state: Marker['state'], forced = false): void {
  writeDurably(run.folder, 'marker.json', JSON.stringify({ state, forced } satisfies Marker));
}

/** All names of a step. */
export function namesOfStep({ path, aliases }: Step): readonly TreePath[] {
  return [path, ...aliases];
}

/** Whether `.relocate` is there. */
export function hasOwnFolder(tree: AbsolutePath): boolean {
  return lookAt(hostPath(tree, OWN_PATHS.folder)) !== null;
}

function recordName(run: Run, name: string): string {
  return `${JOURNAL}/${run.number}/${name}`;
}

function readRecord(run: Run, name: string): string | null {
  try {
    return readSmallFile(encodeBytes(`${run.folder}/${name}`), LIMIT).toString('utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
