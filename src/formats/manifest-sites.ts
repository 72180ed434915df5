/** Checks of the byte ranges in a manifest: inside their file, in order, none over another. */
import { ArchiveError } from '../model/errors.ts';
import type { FileEntry, ManifestEntry, RecordRow } from '../model/manifest-entry.ts';
import { joinTree, type TreePath } from '../model/path.ts';
import type { AbsoluteForm } from '../model/reference.ts';
import type { Interpreter } from '../model/requirements.ts';
import { requireTreePath } from './archive-paths.ts';
import { encodeBytes, showBytes } from './byte-text.ts';
import { pagesOf } from './seals.ts';

/** A half-open range of bytes. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Checks the sites of a file, and their bases. */
export function requireSites(entry: FileEntry): void {
  const sites = entry.sites ?? [];
  for (const site of sites) {
    if (site.base !== '') requireTreePath(site.base);
    requireSlot(entry, site);
  }
  requireRanges(entry, sites.flatMap(rangesOf), 'site');
}

/** The bytes that rendering a site may write: the prefix, or the whole slot from it on. */
function rangesOf(site: AbsoluteForm): Range[] {
  return [{ start: site.start, end: site.slot?.padding === 'nul' ? site.slot.slotEnd : site.end }];
}

function requireSlot(entry: FileEntry, site: AbsoluteForm): void {
  const { slot, length } = site;
  if (slot !== undefined && (slot.slotEnd > entry.size || slot.slotEnd - site.end !== encodeBytes(slot.tail).length))
    throw new ArchiveError(
      'site-slot',
      `a slot in '${showBytes(entry.path)}' does not fit what the manifest says of it`,
    );
  if (length !== undefined && (length.at + length.width > site.start || slot !== undefined))
    throw new ArchiveError(
      'site-length',
      `a length in '${showBytes(entry.path)}' does not stand before the string that it counts`,
    );
}

/** More than two kinds of hashes for each architecture that a file can have. */
const MOST_SEALS = 128;

/** Checks that hashes stand behind what they hash, inside the file, and that nothing else is written where they stand. */
export function requireSeals(entry: FileEntry): void {
  const seals = entry.seals ?? [];
  const refuse = (why: string): never => {
    throw new ArchiveError('seal', `a signature of '${showBytes(entry.path)}' ${why}`);
  };
  if (seals.length === 0) return;
  if (seals.length > MOST_SEALS) refuse('has too many parts');
  const { sites } = entry;
  if (sites === undefined || sites.some(({ slot }) => slot === undefined))
    return refuse('is one of a file that changes its size, or not at all');
  const places = seals.map((seal) => ({ start: seal.at, end: seal.at + pagesOf(seal) * seal.width }));
  for (const { start, end, at } of seals) if (start >= end || at < end) refuse('does not stand behind what it signs');
  if (places.some(({ end }) => end > entry.size)) refuse('lies outside the file');
  const written = [...places, ...sites.flatMap(rangesOf)].sort((a, b) => a.start - b.start);
  requireRanges(entry, written, 'seal');
  const covers = (seal: Range, place: Range): boolean => place.start < seal.end && place.end > seal.start;
  if (places.some((place) => seals.some((seal) => covers(seal, place)))) refuse('signs a signature');
}

/** Checks the rows of a RECORD, once all entries are known. */
export function requireRows(entry: FileEntry, index: ReadonlyMap<TreePath, ManifestEntry>): void {
  for (const row of entry.rows ?? []) {
    const file = index.get(row.of);
    if (file?.type !== 'file' || row.of === entry.path || file.sites === undefined || file.rows !== undefined)
      throw new ArchiveError(
        'row-of',
        `a row of '${showBytes(entry.path)}' follows '${showBytes(row.of)}', which install does not change`,
      );
  }
  const ranges = [...(entry.rows ?? []).flatMap(rowRanges), ...(entry.sites ?? []).flatMap(rangesOf)];
  if (entry.rows !== undefined)
    requireRanges(
      entry,
      ranges.sort((a, b) => a.start - b.start),
      'row',
    );
}

function rowRanges(row: RecordRow): Range[] {
  const [digestStart = 0, digestEnd = 0] = row.digest;
  const [sizeStart = 0, sizeEnd = 0] = row.size;
  return [
    { start: digestStart, end: digestEnd },
    { start: sizeStart, end: sizeEnd },
  ];
}

/** Checks what is said of a virtualenv: its pyvenv.cfg holds the values, its links are links. */
export function requireValues(interpreter: Interpreter, index: ReadonlyMap<TreePath, ManifestEntry>): void {
  const path = joinTree(interpreter.environment, 'pyvenv.cfg');
  const file = index.get(path);
  if (file?.type !== 'file')
    throw new ArchiveError(
      'interpreter-file',
      `the manifest speaks of '${showBytes(path)}', which is no file of the archive`,
    );
  requireRanges(file, interpreter.values, 'interpreter');
  for (const link of interpreter.links)
    if (index.get(link)?.type !== 'symlink')
      throw new ArchiveError(
        'interpreter-link',
        `'${showBytes(link)}' is to lead to an interpreter and is no symlink of the archive`,
      );
}

function requireRanges(
  entry: FileEntry,
  ranges: readonly Range[],
  what: 'site' | 'row' | 'seal' | 'interpreter',
): void {
  let last = 0;
  for (const { start, end } of ranges) {
    if (start > end || end > entry.size)
      throw new ArchiveError(`${what}-outside-file`, `a ${what} of '${showBytes(entry.path)}' lies outside the file`);
    if (start < last)
      throw new ArchiveError(
        `${what}s-overlap`,
        `two ${what}s of '${showBytes(entry.path)}' overlap or are not in order`,
      );
    last = end;
  }
}
