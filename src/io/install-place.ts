/**
 * The place of a tree and the names beside it while it is installed. Their presence is the journal: `.NAME.relocate-ID.new` is a tree
 * that is being put together, complete when it holds a receipt; `.NAME.relocate-ID.old` is the tree that it replaces.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, renameSync, statSync } from 'node:fs';
import { decodeBytes, encodeBytes, showBytes } from '../formats/byte-text.ts';
import type { EntryType } from '../model/entry.ts';
import { RequirementError, UsageError } from '../model/errors.ts';
import { asAbsolutePath, baseName, joinAbsolute, type AbsolutePath } from '../model/path.ts';
import { syncFolder } from './durable.ts';
import { entryType, errorCode, hostPath } from './entries.ts';
import { lookAt } from './look.ts';
import { absolutePath, resolvePlace } from './places.ts';
import { removeTree } from './remove-tree.ts';
import { settleLink, type LinkSwitch } from './via-link.ts';

export interface InstallPlace {
  readonly path: AbsolutePath;
  readonly parent: AbsolutePath;
  /** What the names beside it begin with. */
  readonly stem: string;
}

/** Where a receipt lies in a tree that is complete. */
const RECEIPT = '.relocate/receipt.json';
/** NAME_MAX less what is added to the name. */
const LONGEST_STEM = 220;

/**
 * The place a user named.
 * @throws RequirementError where its folder is not there; UsageError where it is no place for a tree
 */
export function installPlace(destination: string): InstallPlace {
  const path = absolutePath(destination);
  const name = baseName(path);
  if (name === '') throw new UsageError('a tree can not be installed at /');
  const parent = asAbsolutePath(path.slice(0, -name.length - 1) || '/');
  const folder = resolvePlace(parent);
  if (folder.type !== 'directory')
    throw new RequirementError(`the folder ${showBytes(parent)} that is to hold the tree is not there; make it first`);
  return {
    path,
    parent,
    stem: `.${encodeBytes(name).length <= LONGEST_STEM ? name : createHash('sha256').update(encodeBytes(name)).digest('hex')}.relocate-`,
  };
}

/** What is at the place; `empty-folder` is as good as nothing. */
export function whatIsAt({ path }: InstallPlace): EntryType | 'nothing' | 'empty-folder' {
  const stat = lookAt(encodeBytes(path));
  if (stat === null) return 'nothing';
  if (!stat.isDirectory()) return entryType(stat);
  return readdirSync(encodeBytes(path)).length === 0 ? 'empty-folder' : 'directory';
}

/** Whether another file system begins at the place. */
export function isMountPoint({ path, parent }: InstallPlace): boolean {
  return lstatSync(encodeBytes(path)).dev !== statSync(encodeBytes(parent)).dev;
}

/** A new name for a tree that is put together. */
export function newStagingPath({ parent, stem }: InstallPlace): AbsolutePath {
  return joinAbsolute(parent, `${stem}${randomBytes(4).toString('hex')}.new`);
}

/** The name to which the tree at the place goes aside for the one in `staging`. */
export function oldPathFor(staging: AbsolutePath): AbsolutePath {
  return asAbsolutePath(staging.replace(/\.new$/, '.old'));
}

/** What an install that was cut short has left beside the place. */
export interface Leftovers {
  readonly staged: readonly AbsolutePath[];
  readonly old: readonly AbsolutePath[];
  /** What says that a link is being switched. */
  readonly links: readonly AbsolutePath[];
}

export function leftoversAt({ parent, stem }: InstallPlace): Leftovers {
  const names = readdirSync(encodeBytes(parent), { encoding: 'buffer' }).map(decodeBytes);
  const isTrusted = trustIn(parent);
  const ours = (ending: RegExp): AbsolutePath[] =>
    names
      .filter((name) => name.startsWith(stem) && ending.test(name.slice(stem.length)))
      .map((name) => joinAbsolute(parent, name))
      .filter(isTrusted);
  return { staged: ours(/^[a-z0-9]+\.new$/), old: ours(/^[a-z0-9]+\.old$/), links: ours(/^[a-z0-9]+\.via$/) };
}

/** In a folder that others may write to, such as /tmp, only what is our own counts: anybody may have made something with that name. */
function trustIn(parent: AbsolutePath): (path: AbsolutePath) => boolean {
  const isShared = (statSync(encodeBytes(parent)).mode & 0o022) !== 0;
  const user = process.geteuid?.();
  return (path) => {
    const stat = lookAt(encodeBytes(path));
    const isOfKind = path.endsWith('.via') ? stat?.isSymbolicLink() : stat?.isDirectory();
    return stat !== null && isOfKind === true && (!isShared || user === undefined || Number(stat.uid) === user);
  };
}

/**
 * Settles what was left: with a complete new tree and the place empty, the switch is finished; otherwise what was there stays or comes
 * back. Doing it twice is doing it once.
 */
export function settle(place: InstallPlace): 'nothing' | 'finished' | 'taken-back' {
  const { staged, old, links } = leftoversAt(place);
  if (staged.length === 0 && old.length === 0 && links.length === 0) return 'nothing';
  const [aside] = old;
  const isThere = lookAt(encodeBytes(place.path)) !== null;
  const complete =
    aside === undefined
      ? undefined
      : staged.find((path) => path === asAbsolutePath(aside.replace(/\.old$/, '.new')) && isComplete(path));
  let outcome: 'finished' | 'taken-back' = aside !== undefined && isThere ? 'finished' : 'taken-back';
  if (aside !== undefined && !isThere) {
    renameSync(encodeBytes(complete ?? aside), encodeBytes(place.path));
    syncFolder(place.parent);
    if (complete !== undefined) outcome = 'finished';
  }
  for (const marker of links) if (settleLink(marker, place.path) === 'finished') outcome = 'finished';
  for (const path of [...staged, ...old]) removeTree(path);
  syncFolder(place.parent);
  return outcome;
}

function isComplete(staging: AbsolutePath): boolean {
  return existsSync(hostPath(staging, RECEIPT));
}

/**
 * Puts a complete tree in its place by one rename, or by two where another tree is there: the first takes that one aside.
 * @returns a sentence where the tree that was replaced could not be removed altogether
 * @throws RequirementError where something came to the place meanwhile; then it is as it was
 */
export function switchTo(place: InstallPlace, staging: AbsolutePath, replaces: boolean, link: LinkSwitch): string[] {
  const old = oldPathFor(staging);
  const [from, to, aside] = [encodeBytes(staging), encodeBytes(place.path), encodeBytes(old)];
  try {
    link.before();
    if (replaces && lstatSync(to).isDirectory()) renameSync(to, aside);
    renameSync(from, to);
    link.after();
  } catch (error) {
    if (lookAt(from) === null) renameSync(to, from);
    if (existsSync(aside)) renameSync(aside, to);
    link.takeBack();
    if (error instanceof RequirementError) throw error;
    throw new RequirementError(
      `something came to ${showBytes(place.path)} or its link meanwhile (${errorCode(error)}); nothing was changed`,
    );
  }
  syncFolder(place.parent);
  link.done();
  try {
    removeTree(old);
    return [];
  } catch (error) {
    return [`the tree that was replaced could not be removed from ${showBytes(old)} (${errorCode(error)})`];
  }
}
