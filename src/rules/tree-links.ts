/** Following the symlinks of a tree by their texts, so that it works in a tree that was moved and whose absolute links dangle. */
import {
  baseName,
  dirName,
  isInside,
  joinTree,
  normalizeAbsolute,
  resolveInTree,
  type TreePath,
} from '../model/path.ts';
import { locate } from './claims.ts';
import type { RuleContext } from './rule.ts';

/** The kernel's MAXSYMLINKS. */
const MOST_LINKS = 40;

/**
 * The place a tree path leads to when all links on the way are followed; absolute links that begin with a known prefix are read as
 * places of the tree. Null where the way leaves the tree or goes round in a circle; whether anything is there, is not looked at.
 */
export function followInTree(path: TreePath, context: RuleContext): TreePath | null {
  let names = path.split('/');
  let done = '' as TreePath;
  for (let links = 0; names.length > 0;) {
    const [name = '', ...rest] = names;
    const next = resolveInTree(done, name);
    if (next === null) return null;
    const target = context.linkTarget(next);
    if (target === null) {
      done = next;
      names = rest;
      continue;
    }
    if (++links > MOST_LINKS) return null;
    const place = target.startsWith('/') ? inTreeOf(target, context) : target;
    if (place === null) return null;
    done = target.startsWith('/') ? ('' as TreePath) : dirName(next);
    names = [...place.split('/'), ...rest];
  }
  return done;
}

/** Whether there is anything at a tree path, where links on the way to it may be absolute and name a former place of the tree. */
export function isThere(path: TreePath, context: RuleContext): boolean {
  if (context.typeOf(path) !== null) return true;
  const folder = followInTree(dirName(path), context);
  return folder !== null && context.typeOf(joinTree(folder, baseName(path))) !== null;
}

function inTreeOf(target: string, context: RuleContext): TreePath | null {
  return locate(normalizeAbsolute(target) ?? target, context.prefixes)?.inTree ?? null;
}

/**
 * A symlink that makes a folder above `folder` reachable under another parent, so that `..` counted by a path's text (and not by the
 * kernel) arrives elsewhere, when it climbs to `top`. Looks where people put such links: beside the folders on the way.
 */
export function aliasBetween(folder: TreePath, top: TreePath, context: RuleContext): TreePath | null {
  for (const place of foldersAbove(folder))
    for (const name of context.namesIn(place)) {
      const link = joinTree(place, name);
      if (context.linkTarget(link) === null) continue;
      const leads = followInTree(link, context);
      if (leads === null || leads === top || dirName(leads) === place) continue;
      if (isWithin(folder, leads) && isWithin(leads, top)) return link;
    }
  return null;
}

function foldersAbove(folder: TreePath): TreePath[] {
  const folders: TreePath[] = [];
  for (let place = folder; place !== '';) {
    place = dirName(place);
    folders.push(place);
  }
  return folders;
}

function isWithin(path: TreePath, folder: TreePath): boolean {
  return folder === '' || isInside(path, folder);
}
