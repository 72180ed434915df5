/** Whether a change can be carried out: asked of the disk before anything is touched, so that what can't be done is refused whole. */
import { accessSync, constants, lstatSync, statSync, type BigIntStats } from 'node:fs';
import { showBytes } from '../formats/byte-text.ts';
import type { FolderTime, Step } from '../formats/journal-records.ts';
import { StalePlanError, UsageError } from '../model/errors.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import { asTreePath, dirName, joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { FileChange } from '../model/plan.ts';
import { errorCode, hostPath, openPath } from './entries.ts';
import { JOURNAL, namesOfStep } from './journal.ts';
import { lookAt } from './look.ts';
import { beyondMount } from './originals.ts';
import { digestOf } from './standing.ts';

const ROOT: TreePath = asTreePath('');

/** Who asks: root may do nearly anything, others only with what is theirs. */
export interface Asker {
  readonly isRoot: boolean;
  readonly uid: number;
  readonly groups: ReadonlySet<number>;
}

/** Looks at the tree's root and at `.relocate`. */
export function requireOwnFolderPossible(tree: AbsolutePath): void {
  const own = lookAt(hostPath(tree, OWN_PATHS.folder));
  for (const path of [OWN_PATHS.folder, JOURNAL])
    if (lookAt(hostPath(tree, path))?.isDirectory() === false)
      throw new UsageError(`${tree}/${path} is no folder; relocate keeps its records there: move it away`);
  requireWritable(tree, own === null ? ROOT : OWN_PATHS.folder);
}

/**
 * The step that carries out a change, if it can be.
 * @throws StalePlanError where a name is not what the plan says, UsageError where it can't be replaced
 */
export function stepOf(tree: AbsolutePath, change: FileChange, who: Asker): Step {
  const first = lookAtChange(tree, change.file, change);
  for (const alias of change.aliases) {
    const stat = lookAtChange(tree, alias, change);
    if (stat.ino !== first.ino || stat.dev !== first.dev)
      throw stale(alias, `it is no hard link of ${showBytes(change.file)} any more`);
  }
  requireKeepable(tree, change.file, first, who);
  // what is edited is hashed while it is read for that; the rest has no other moment
  if (change.kind !== 'content' && digestOf(hostPath(tree, change.file), first) !== change.before)
    throw stale(change.file, 'it has another content');
  return {
    path: change.file,
    aliases: change.aliases,
    kind: change.kind,
    before: change.before,
    size: first.size.toString(),
    mtime: first.mtimeNs.toString(),
  };
}

/** The step that writes one of relocate's own records. */
export function ownRecordStep(tree: AbsolutePath, path: TreePath): Step {
  const stat = lookAt(hostPath(tree, path));
  if (stat === null) return { path, aliases: [], kind: 'create', before: null, size: '0', mtime: '0' };
  const before = digestOf(hostPath(tree, path), stat);
  return { path, aliases: [], kind: 'content', before, size: stat.size.toString(), mtime: stat.mtimeNs.toString() };
}

/** The folders in which names change, and some others, with their times. @throws StalePlanError or UsageError where one can't be worked in */
export function foldersOf(tree: AbsolutePath, steps: readonly Step[], others: readonly TreePath[]): FolderTime[] {
  const folders = [...new Set([...steps.flatMap(namesOfStep).map(dirName), ...others])].filter(
    (path) => path !== OWN_PATHS.folder,
  );
  const { dev } = lookAtFolder(tree, ROOT);
  const isReal = realFolders(tree);
  return folders.map((path) => {
    if (!isReal(path)) throw stale(path, 'it is not the folder it was: a symlink is on the way, or it is gone');
    const stat = lookAtFolder(tree, path);
    // asked of folders only: on overlayfs each file may have the device number of its layer (the kernel's overlayfs.rst, "Inode properties")
    if (stat.dev !== dev) throw beyondMount(path);
    requireWritable(tree, path);
    return { path, mtime: stat.mtimeNs.toString() };
  });
}

function lookAtFolder(tree: AbsolutePath, path: TreePath): BigIntStats {
  return statSync(hostPath(tree, path), { bigint: true });
}

/** @throws UsageError where one of the folders that are there can't be written to */
export function requireWritableFolders(tree: AbsolutePath, folders: readonly FolderTime[]): void {
  const isReal = realFolders(tree);
  for (const { path } of folders) if (isReal(path)) requireWritable(tree, path);
}

/**
 * Tells whether a folder is there and no symlink leads to it, so that what is done in it is done in the tree. Each folder is looked at once,
 * those above it too: the answers are for one moment.
 */
export function realFolders(tree: AbsolutePath): (path: TreePath) => boolean {
  const known = new Map<TreePath, boolean>([[ROOT, true]]);
  const isReal = (path: TreePath): boolean => {
    const answer = known.get(path) ?? (isReal(dirName(path)) && lookAt(openPath(tree, path))?.isDirectory() === true);
    known.set(path, answer);
    return answer;
  };
  return isReal;
}

/** Sentences about folders whose times can't be given back: only their owner can do that. */
export function folderWarnings(tree: AbsolutePath, folders: readonly FolderTime[]): string[] {
  const { isRoot, uid } = asker();
  if (isRoot) return [];
  const foreign = folders.filter(({ path }) => lstatSync(hostPath(tree, path)).uid !== uid);
  return foreign.map(
    ({ path }) =>
      `the folder ${shownFolder(path)} belongs to someone else: its modification time is the time of this run`,
  );
}

function lookAtChange(tree: AbsolutePath, name: TreePath, { kind }: FileChange): BigIntStats {
  let stat: BigIntStats | null;
  try {
    stat = lookAt(openPath(tree, name));
  } catch (error) {
    throw new UsageError(`${showBytes(name)} can not be looked at (${errorCode(error)}); nothing was changed`);
  }
  if (stat === null) throw stale(name, 'it is not there any more');
  if (kind === 'retarget' ? !stat.isSymbolicLink() : !stat.isFile())
    throw stale(name, `it is no ${kind === 'retarget' ? 'symlink' : 'regular file'} any more`);
  return stat;
}

/** Root can change what belongs to anyone, but not what is immutable (chattr(1)); others can't give a new file to its old owner. */
function requireKeepable(tree: AbsolutePath, file: TreePath, stat: BigIntStats, { isRoot, uid, groups }: Asker): void {
  if (isRoot) {
    // a mode that forbids writing does not matter to a rename
    if (stat.isSymbolicLink() || refusal(tree, file, constants.W_OK) !== 'EPERM') return;
    throw new UsageError(
      `${showBytes(file)} is immutable (see lsattr); make it mutable, or leave it out with --except`,
    );
  }
  if (Number(stat.uid) === uid && groups.has(Number(stat.gid))) return;
  const whose = Number(stat.uid) === uid ? `the group ${stat.gid}, which you are not in` : `the user ${stat.uid}`;
  throw new UsageError(
    `${showBytes(file)} belongs to ${whose}, so its new version can not be given its owner; run as that user or as root, or leave it out with --except`,
  );
}

function requireWritable(tree: AbsolutePath, folder: TreePath): void {
  const code = refusal(tree, folder, constants.W_OK | constants.X_OK);
  if (code === null) return;
  if (code === 'EROFS')
    throw new UsageError(`${joinAbsolute(tree, folder)} is on a read-only file system; nothing was changed`);
  throw new UsageError(
    `${shownFolder(folder)} can not be written to (${code}): run as its owner, make it writable, or leave out what is in it with --except; nothing was changed`,
  );
}

/** The system's code where access is refused. */
function refusal(tree: AbsolutePath, path: TreePath, mode: number): string | null {
  try {
    accessSync(openPath(tree, path), mode);
    return null;
  } catch (error) {
    return errorCode(error);
  }
}

/** Asked once for many files. */
export function asker(): Asker {
  const uid = process.geteuid?.() ?? 0;
  return { isRoot: uid === 0, uid, groups: new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])]) };
}

function shownFolder(path: TreePath): string {
  return path === ROOT ? "the tree's own folder" : showBytes(path);
}

function stale(path: TreePath, why: string): StalePlanError {
  return new StalePlanError(`${shownFolder(path)} changed since the tree was scanned: ${why}; scan again`);
}
