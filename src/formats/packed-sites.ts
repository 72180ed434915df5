/** Where sites and rows stand in the bytes that an archive holds: behind the plan's edits, and those of the rows that follow. Pure. */
import type { RecordRow } from '../model/manifest-entry.ts';
import type { TreePath } from '../model/path.ts';
import type { AbsoluteForm, Splice } from '../model/reference.ts';
import type { Seal } from '../model/seal.ts';
import { contentSplices, type ContentChange, type NewContentOf } from './follows.ts';
import { offsetShift } from './offset-shift.ts';

type Row = ContentChange['follows'][number];

export interface PackedSites {
  readonly sites: readonly AbsoluteForm[];
  readonly rows: readonly RecordRow[];
  /** Hashes that install must make anew, as it writes to the sites. */
  readonly seals: readonly Seal[];
}

/**
 * The plan gives sites in the bytes behind its own splices; the rows of a RECORD are edited (or go) besides. `rows` are those that
 * install must write again, with offsets in the bytes before any edit; `nameOf` gives the path under which the archive holds a file.
 */
export function packedSites(
  change: ContentChange,
  rows: readonly Row[],
  newContentOf: NewContentOf,
  nameOf: (file: TreePath) => TreePath,
): PackedSites {
  const own = offsetShift(change.splices);
  const later = contentSplices({ ...change, splices: [] }, newContentOf).map(({ start, end, text }) => ({
    start: own(start),
    end: own(end),
    text,
  }));
  const shift = offsetShift(later);
  const isGone = (start: number): boolean =>
    later.some((splice) => isRemovedRow(splice) && start >= splice.start && start < splice.end);
  const place = (offset: number): number => shift(own(offset));
  return {
    sites: change.renders.filter(({ start }) => !isGone(start)).map((site) => shiftSite(site, shift)),
    rows: rows
      .filter(({ row }) => !isGone(own(row[0])))
      .map(({ of, digest, size }) => ({ of: nameOf(of), digest: digest.map(place), size: size.map(place) }))
      .sort((a, b) => (a.digest[0] ?? 0) - (b.digest[0] ?? 0)),
    // edits of a signed file keep its size, so its seals stay where they are
    seals: change.renders.length === 0 ? [] : change.seals,
  };
}

function isRemovedRow(splice: Splice): boolean {
  return splice.text === '';
}

function shiftSite(site: AbsoluteForm, shift: (offset: number) => number): AbsoluteForm {
  const { start, end, slot, length } = site;
  return {
    ...site,
    start: shift(start),
    end: shift(end),
    ...(slot === undefined ? {} : { slot: { ...slot, slotEnd: shift(slot.slotEnd) } }),
    ...(length === undefined ? {} : { length: { ...length, at: shift(length.at) } }),
  };
}
