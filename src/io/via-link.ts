/**
 * The short link by which the fixed slots of an installed tree name it (`install --via`). It is switched together with the tree; while
 * that is under way, a symlink `.NAME.relocate-ID.via` beside the place says which link it is.
 */
import { accessSync, constants, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { decodeBytes, encodeBytes, showBytes } from '../formats/byte-text.ts';
import { RequirementError } from '../model/errors.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import {
  asAbsolutePath,
  baseName,
  isInside,
  joinAbsolute,
  normalizeAbsolute,
  type AbsolutePath,
} from '../model/path.ts';
import { syncFolder } from './durable.ts';
import { errorCode, hostPath } from './entries.ts';
import { lookAt } from './look.ts';
import { resolvePlace } from './places.ts';
import { readTreeMemory } from './tree-memory.ts';

/** What stands at the link: nothing; a link to the place; a link to something else, which it is to lead to no more. */
export type LinkStanding = 'absent' | 'ours' | 'elsewhere';

/** Whether a link leads to a tree. */
export function leadsTo(link: AbsolutePath, tree: AbsolutePath): boolean {
  const [there, here] = [resolvePlace(link), resolvePlace(tree)];
  return there.type !== null && here.type !== null && there.real === here.real;
}

/**
 * Looks at what stands at the link, before anything is written.
 * @throws RequirementError where no link to the place can be made there
 */
export function requireLink(link: AbsolutePath, place: AbsolutePath, mayReplace: boolean): LinkStanding {
  const name = showBytes(link);
  const refuse = (why: string): never => {
    throw new RequirementError(`the link ${name} ${why}; nothing was changed`);
  };
  const parent = folderOf(link);
  const folder = resolvePlace(parent);
  if (folder.type !== 'directory')
    return refuse(`can't be made: the folder ${showBytes(parent)} is not there; make it first`);
  const real = joinAbsolute(folder.real, baseName(link));
  const target = resolvePlace(place);
  const places = [place, ...(target.type === null ? [] : [target.real])];
  if (
    places.some((path) => isInside(link, path) || isInside(real, path) || isInside(path, link) || isInside(path, real))
  )
    return refuse(`and the place ${showBytes(place)} lie in one another; choose a link outside of the tree`);
  if (!isWritable(parent)) return refuse(`can't be made: the folder ${showBytes(parent)} can't be written to`);
  const stat = lookAt(encodeBytes(link));
  if (stat === null) return 'absent';
  if (!stat.isSymbolicLink()) return refuse('is something else than a symlink');
  const text = targetOf(link);
  if (text === place || leadsTo(link, place)) return 'ours';
  if (!mayReplace) return refuse(`leads to ${showBytes(text)}; --replace makes it lead to the new tree`);
  const other = resolvePlace(link);
  if (other.type !== null && lookAt(hostPath(other.real, OWN_PATHS.manifest)) === null)
    return refuse(`leads to ${showBytes(text)}, which is no tree that relocate installed`);
  return 'elsewhere';
}

/** The steps of a link's switch, around that of the tree. `takeBack` undoes what was done of them. */
export interface LinkSwitch {
  before(): void;
  after(): void;
  done(): void;
  takeBack(): void;
}

export const NO_LINK: LinkSwitch = { before: nothing, after: nothing, done: nothing, takeBack: nothing };

function nothing(): void {}

/**
 * A link that is not there yet is made before the tree comes: until then it leads nowhere, or to the tree that is replaced. One that
 * leads to another tree is switched when the new one is in its place: until then that other one is served.
 */
export function linkSwitch(
  link: AbsolutePath,
  place: AbsolutePath,
  staging: AbsolutePath,
  standing: LinkStanding,
): LinkSwitch {
  if (standing === 'ours') return NO_LINK;
  const marker = encodeBytes(staging.replace(/\.new$/, '.via'));
  const beside = encodeBytes(besideLink(link, staging));
  const [at, to] = [encodeBytes(link), encodeBytes(place)];
  return {
    before() {
      symlinkSync(at, marker);
      syncFolder(folderOf(place));
      symlinkSync(to, standing === 'absent' ? at : beside);
      syncFolder(folderOf(link));
    },
    after() {
      if (standing === 'absent') return;
      if (lookAt(at)?.isSymbolicLink() === false)
        throw new RequirementError(`something came to ${showBytes(link)} meanwhile`);
      renameSync(beside, at);
      syncFolder(folderOf(link));
    },
    done() {
      unlinkSync(marker);
    },
    takeBack() {
      if (lookAt(marker) === null) return;
      if (standing === 'absent') dropLink(link, place);
      else unlinkIfThere(beside);
      unlinkSync(marker);
    },
  };
}

/** Settles a link whose switch was cut short, once the tree is settled: it leads to the place where that holds a tree that is named by it. */
export function settleLink(marker: AbsolutePath, place: AbsolutePath): 'finished' | 'taken-back' {
  const link = normalizeAbsolute(targetOf(marker));
  const isNamed = link !== null && readTreeMemory(place)?.via === link;
  if (link !== null) {
    const beside = encodeBytes(besideLink(link, marker));
    unlinkIfThere(beside);
    if (isNamed) putLink(link, place, beside);
    else dropLink(link, place);
  }
  unlinkSync(encodeBytes(marker));
  return isNamed ? 'finished' : 'taken-back';
}

function putLink(link: AbsolutePath, place: AbsolutePath, beside: Buffer): void {
  const stat = lookAt(encodeBytes(link));
  if (resolvePlace(folderOf(link)).type !== 'directory' || stat?.isSymbolicLink() === false) return;
  if (stat !== null && targetOf(link) === place) return;
  symlinkSync(encodeBytes(place), beside);
  renameSync(beside, encodeBytes(link));
  syncFolder(folderOf(link));
}

/** Only the link that leads to the place by its text is one that an install made for it. */
function dropLink(link: AbsolutePath, place: AbsolutePath): void {
  if (lookAt(encodeBytes(link))?.isSymbolicLink() !== true || targetOf(link) !== place) return;
  unlinkSync(encodeBytes(link));
  syncFolder(folderOf(link));
}

/** The name beside the link at which a new one stands before it is renamed: of the same run as a name beside the place. */
function besideLink(link: AbsolutePath, ofRun: AbsolutePath): AbsolutePath {
  const [, run = ''] = /\.relocate-([a-z0-9]+)\.[a-z]+$/.exec(ofRun) ?? [];
  return joinAbsolute(folderOf(link), `.relocate-${run}.via`);
}

function folderOf(path: AbsolutePath): AbsolutePath {
  return asAbsolutePath(path.slice(0, path.lastIndexOf('/')) || '/');
}

function targetOf(link: AbsolutePath): string {
  return decodeBytes(readlinkSync(encodeBytes(link), { encoding: 'buffer' }));
}

function isWritable(folder: AbsolutePath): boolean {
  try {
    accessSync(encodeBytes(folder), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function unlinkIfThere(place: Buffer): void {
  try {
    unlinkSync(place);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
