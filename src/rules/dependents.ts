/** Files that store something of files that change: rows of RECORD, byte code, checksum lists. Pure: text and names in, rows out. */
import { decodeBytes } from '../formats/byte-text.ts';
import { isChecksumList, parseChecksums } from '../formats/checksum-list.ts';
import { parseRecord } from '../formats/record.ts';
import { baseName, dirName, joinTree, resolveInTree, type TreePath } from '../model/path.ts';
import type { Dependent } from '../model/scan.ts';

/** Whether a file may store digests of others, by its name: what of the tree has to be read for `storedDigests`. */
export function storesDigests(file: TreePath): boolean {
  return isRecord(file) || isChecksumList(file);
}

export function isRecord(file: TreePath): boolean {
  return baseName(file) === 'RECORD' && dirName(file).endsWith('.dist-info');
}

/** How a path of a list becomes the name that the scan knows it by. */
export interface Places {
  /** Files that change, under all their names (hard links). */
  readonly changed: { has(file: TreePath): boolean };
  /** The real path of a folder of the tree; null where it is none. */
  realFolder(folder: TreePath): TreePath | null;
}

/** What a file stores of files that change. `text` is the file as latin1. */
export function storedDigests(file: TreePath, text: string, places: Places): Dependent[] {
  if (isRecord(file)) return recordRows(file, text, places);
  return isChecksumList(file) ? checksumLines(file, text, places) : [];
}

/** Paths in a RECORD are relative to the folder that holds the .dist-info folder. Its row of itself has no digest and stays. */
function recordRows(file: TreePath, text: string, places: Places): Dependent[] {
  const folder = dirName(dirName(file));
  return parseRecord(text).flatMap(({ path, row, digest, size }): Dependent[] => {
    const of = changedFile(folder, path, places);
    return of === null || of === file ? [] : [{ kind: 'record-row', file, of, row, digest, size }];
  });
}

/** Lists are written from their own folder; those of packages (dpkg) from the root. */
function checksumLines(file: TreePath, text: string, places: Places): Dependent[] {
  return parseChecksums(file, text).flatMap(({ line, path }): Dependent[] => {
    const of = changedFile(dirName(file), path, places) ?? changedFile('' as TreePath, path, places);
    return of === null ? [] : [{ kind: 'stored-digest', file, of, line }];
  });
}

const ASCII = /^[\0-\x7f]*$/;

function changedFile(folder: TreePath, latin1: string, { changed, realFolder }: Places): TreePath | null {
  const path = ASCII.test(latin1) ? latin1 : decodeBytes(Buffer.from(latin1, 'latin1'));
  const named = path.startsWith('/') ? null : resolveInTree(folder, path);
  if (named === null || changed.has(named)) return named;
  const real = realFolder(dirName(named));
  const place = real === null ? null : joinTree(real, baseName(named));
  return place !== null && changed.has(place) ? place : null;
}

/** Whether a file may be byte code of a source, by its name. */
export function isByteCode(file: TreePath): boolean {
  return file.endsWith('.pyc') || file.endsWith('.pyo');
}

/**
 * Byte code that belongs to a source: `__pycache__/x.cpython-311.pyc` with or without `.opt-1`, `.opt-2` (PEP 3147, PEP 488), pytest's
 * `x.cpython-311-pytest-7.4.0.pyc`, and `x.pyc`, `x.pyo` beside it.
 */
export function byteCodeOf(source: TreePath, namesIn: (folder: TreePath) => readonly string[]): Dependent[] {
  if (!source.endsWith('.py')) return [];
  const folder = dirName(source);
  const stem = baseName(source).slice(0, -'.py'.length);
  const cache = joinTree(folder, '__pycache__');
  const isCached = (name: string): boolean =>
    name.startsWith(`${stem}.`) && /^[a-z]+-?\d[^/]*\.pyc$/.test(name.slice(stem.length + 1));
  const isBeside = (name: string): boolean => name === `${stem}.pyc` || name === `${stem}.pyo`;
  const files = [
    ...namesIn(cache)
      .filter(isCached)
      .map((name) => joinTree(cache, name)),
    ...namesIn(folder)
      .filter(isBeside)
      .map((name) => joinTree(folder, name)),
  ];
  return files.map((file) => ({ kind: 'byte-code', file, of: source }));
}
