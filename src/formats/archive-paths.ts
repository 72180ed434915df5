/** Which paths and link targets an archive may hold: they must mean the same everywhere and stay inside the tree. */
import { ArchiveError } from '../model/errors.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import { dirName, isInside, resolveInTree, type TreePath } from '../model/path.ts';
import { decodeBytes, encodeBytes, isValidText, showBytes } from './byte-text.ts';

/** NAME_MAX and PATH_MAX of Linux, the latter without its NUL. */
export const LONGEST_NAME = 255;
export const LONGEST_PATH = 4095;

/**
 * Checks a path of an archive: relative, no `.` or `..`, no empty name, no NUL, names the system can hold, one way to write it.
 * Backslashes, newlines, `C:` and bytes that are not UTF-8 are ordinary names here.
 * @throws ArchiveError with the rule that it breaks
 */
export function requireTreePath(path: string): void {
  const refuse = (rule: string, why: string): never => {
    throw new ArchiveError(rule, `the archive holds the path '${showBytes(path)}', which ${why}`);
  };
  if (path === '') refuse('path-empty', 'is empty');
  if (path.includes('\0')) refuse('path-nul', 'holds a NUL');
  if (path.startsWith('/')) refuse('path-absolute', 'is absolute');
  for (const name of path.split('/')) {
    if (name === '') refuse('path-empty-name', 'has an empty name in it');
    if (name === '.' || name === '..') refuse('path-dots', `has '${name}' in it`);
    if (name.length > LONGEST_NAME / 4 && encodeBytes(name).length > LONGEST_NAME)
      refuse('name-too-long', 'has a name of more than 255 bytes');
  }
  if (path.length > LONGEST_PATH / 4 && encodeBytes(path).length > LONGEST_PATH)
    refuse('path-too-long', `has more than ${LONGEST_PATH} bytes`);
  requireOneSpelling(path);
}

/** Checks a path that belongs to the tree itself and not to relocate. */
export function requireForeignPath(path: string): void {
  requireTreePath(path);
  if (isInside(path, OWN_PATHS.folder))
    throw new ArchiveError('path-reserved', `'${showBytes(path)}' is reserved for relocate itself`);
}

/** Checks the text of a symlink. It may lead anywhere: nothing is ever written through it. */
export function requireLinkTarget(path: string, target: string): void {
  const refuse = (rule: string, why: string): never => {
    throw new ArchiveError(rule, `the symlink '${showBytes(path)}' ${why}`);
  };
  if (target === '') refuse('link-empty', 'has an empty target');
  if (target.includes('\0')) refuse('link-nul', 'has a NUL in its target');
  if (encodeBytes(target).length > LONGEST_PATH)
    refuse('link-too-long', `has a target of more than ${LONGEST_PATH} bytes`);
  requireOneSpelling(target);
}

/** Where a symlink leads by its text alone. */
export function linkLeads(path: TreePath, target: string): 'inside' | 'outside' {
  return !target.startsWith('/') && resolveInTree(dirName(path), target) !== null ? 'inside' : 'outside';
}

/** Two strings must never stand for the same bytes: lone surrogates only where `decodeBytes` would put them. */
function requireOneSpelling(path: string): void {
  if (isValidText(path)) return;
  if (decodeBytes(encodeBytes(path)) !== path)
    throw new ArchiveError('path-spelling', `'${showBytes(path)}' is not the one way to write its bytes`);
}
