/** Folders that a run brings into a tree: written beside it, put in its place by one rename, and taken away by one. */
import { createHash, hash } from 'node:crypto';
import { lchownSync, lstatSync, readdirSync, readlinkSync, renameSync, unlinkSync } from 'node:fs';
import { decodeBytes, encodeBytes, showBytes } from '../formats/byte-text.ts';
import type { Step } from '../formats/journal-records.ts';
import { StalePlanError } from '../model/errors.ts';
import { asTreePath, joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import { BundleFolder, settleFolder } from './bundle-folder.ts';
import { syncFolder } from './durable.ts';
import { hostPath } from './entries.ts';
import { digestFile } from './file-facts.ts';
import { runTool } from './host-tool.ts';
import { placeIn, type Run } from './journal.ts';
import { lookAt } from './look.ts';
import type { CopiedFile } from './bundle-folder.ts';

/** The step that brings a folder. */
export function additionStep(path: TreePath): Step {
  return { path, aliases: [], kind: 'add', before: null, size: '0', mtime: '0' };
}

/** @throws StalePlanError where something stands in its place meanwhile */
export function requireAbsent(tree: AbsolutePath, path: TreePath): void {
  if (lookAt(hostPath(tree, path)) !== null)
    throw new StalePlanError(`${showBytes(path)} is there now, and was not when the tree was scanned; scan again`);
}

/** What becomes of a file of the folder on its way: new bytes, another target, or nothing. */
export type AddedChange =
  | { readonly kind: 'content'; readonly pieces: Iterable<Buffer> }
  | { readonly kind: 'retarget'; readonly target: string }
  | { readonly kind: 'remove' };

/**
 * Writes the folder of step `index` into the run's folder and puts it on the disk.
 * @param changes what becomes of files, by their paths in the tree, in the order in which they are to be read
 * @param rest awaited before each file, so that Ctrl-C is heard; what it throws ends the staging
 */
export async function stageAddition(
  run: Run,
  index: number,
  { path, from }: { readonly path: TreePath; readonly from: AbsolutePath },
  changes: Iterable<readonly [TreePath, AddedChange]>,
  rest: () => Promise<void>,
): Promise<void> {
  const place = joinAbsolute(run.folder, `new/${index}`);
  const folder = new BundleFolder(place);
  const source = joinAbsolute(from, path);
  for (const _ of folder.copyFolder(source, asTreePath(''), () => false)) await rest();
  for (const [file, change] of changes) {
    await rest();
    const inside = asTreePath(file.slice(path.length + 1));
    const copied: CopiedFile = { path: inside, from: joinAbsolute(source, inside) };
    if (change.kind === 'content') folder.rewrite(copied, whole(change.pieces));
    else unlinkSync(hostPath(place, inside));
    if (change.kind === 'retarget') folder.link(inside, change.target, copied.from);
  }
  settleFolder(place);
  giveToOwnerOf(run.tree, place);
  if (!(await runTool(place, ['sync', '-f', '.'])).ok) syncAll(place);
}

/** A piece is valid until the next is asked for, so each is copied as it comes. */
function whole(pieces: Iterable<Buffer>): Buffer {
  const kept: Buffer[] = [];
  for (const piece of pieces) kept.push(Buffer.from(piece));
  return Buffer.concat(kept);
}

/** Puts the folder in its place. @returns false where something of someone else stands there */
export function putAddition(run: Run, index: number, { path }: Step): boolean {
  const successor = placeIn(run, 'new', index);
  if (lookAt(successor) === null) return true;
  if (lookAt(hostPath(run.tree, path)) !== null) return false;
  renameSync(successor, hostPath(run.tree, path));
  return true;
}

/** Takes the folder away again. @returns false where someone else changed it and it is to stay then */
export function takeAddition(run: Run, index: number, step: Step, after: string | null, onlyOurs: boolean): boolean {
  const place = hostPath(run.tree, step.path);
  if (lookAt(place) === null) return true;
  if (onlyOurs && isAdditionForeign(run.tree, step, after)) return false;
  // the run's folder goes with all that is in it
  renameSync(place, placeIn(run, 'orig', index));
  return true;
}

/** Whether what stands at the place of a folder is not what a run brought there. */
export function isAdditionForeign(tree: AbsolutePath, { path }: Step, after: string | null): boolean {
  const stat = lookAt(hostPath(tree, path));
  return stat !== null && (!stat.isDirectory() || digestFolder(joinAbsolute(tree, path)) !== after);
}

/** sha256 (hex) of all names, bytes and links of a folder, without the byte code that Python writes on its own. */
export function digestFolder(folder: AbsolutePath): string {
  const digest = createHash('sha256');
  for (const name of sortedNames(folder)) {
    const place = hostPath(folder, name);
    const stat = lstatSync(place);
    const content = stat.isDirectory()
      ? name === '__pycache__'
        ? null
        : digestFolder(joinAbsolute(folder, name))
      : stat.isSymbolicLink()
        ? hash('sha256', readlinkSync(place, { encoding: 'buffer' }))
        : stat.isFile()
          ? digestFile(place)
          : 'other';
    if (content !== null) digest.update(`${JSON.stringify(name)} ${content}\n`);
  }
  return digest.digest('hex');
}

function sortedNames(folder: AbsolutePath): string[] {
  return readdirSync(encodeBytes(folder), { encoding: 'buffer' })
    .map((name) => decodeBytes(name))
    .sort();
}

/** What root brings into the tree of someone else belongs to them. */
function giveToOwnerOf(tree: AbsolutePath, folder: AbsolutePath): void {
  const { uid, gid } = lstatSync(encodeBytes(tree));
  if (process.geteuid?.() !== 0 || uid === 0) return;
  for (const name of sortedNames(folder)) {
    const place = joinAbsolute(folder, name);
    if (lstatSync(encodeBytes(place)).isDirectory()) giveToOwnerOf(tree, place);
    else lchownSync(encodeBytes(place), uid, gid);
  }
  lchownSync(encodeBytes(folder), uid, gid);
}

function syncAll(folder: AbsolutePath): void {
  for (const name of sortedNames(folder)) {
    const place = joinAbsolute(folder, name);
    if (lstatSync(encodeBytes(place)).isDirectory()) syncAll(place);
  }
  syncFolder(folder);
}
