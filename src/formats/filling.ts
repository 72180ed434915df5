/** Fills one file of an archive in for its destination, and holds it against what the manifest says of it on the way. Pure. */
import { ArchiveError } from '../model/errors.ts';
import type { Origin } from '../model/manifest.ts';
import type { TreePath } from '../model/path.ts';
import type { AbsoluteForm, Splice } from '../model/reference.ts';
import type { Seal } from '../model/seal.ts';
import { showBytes } from './byte-text.ts';
import { isSiteText } from './render.ts';
import { renewSeals } from './seals.ts';
import { spliceChunks } from './splices.ts';
import { WordCount } from './word-count.ts';

/** What is to be done to a file. Plain JSON: it goes to the thread that writes the file. */
export interface Filling {
  readonly sites: readonly AbsoluteForm[];
  readonly seals: readonly Seal[];
  /** The texts that come in, as `mergeSplices` put them in order. */
  readonly splices: readonly Splice[];
}

/** What stands in the files of an archive where something is to be filled in. */
export interface FillWords {
  readonly placeholder: string;
  readonly origins: readonly Origin[];
}

/**
 * Looks at the bytes that are about to be replaced. `read`: a range of the file.
 * @throws ArchiveError `site-mismatch` where a site does not hold what it should
 */
export function requireSiteTexts(
  path: TreePath,
  sites: readonly AbsoluteForm[],
  { placeholder, origins }: FillWords,
  read: (start: number, end: number) => Buffer,
): void {
  for (const site of sites)
    if (!isSiteText(read(site.start, site.end), site, placeholder, origins))
      throw new ArchiveError(
        'site-mismatch',
        `'${showBytes(path)}' does not hold at byte ${site.start} what the manifest says`,
      );
}

/**
 * The new bytes of a file, from its pieces. A piece is valid until the next is asked for.
 * @throws ArchiveError `placeholder-left` at the end, where a site was not filled in
 */
export function* fillIn(
  path: TreePath,
  { sites, seals, splices }: Filling,
  { placeholder }: FillWords,
  pieces: Iterable<Buffer>,
): Generator<Buffer, void, void> {
  const before = new WordCount(placeholder);
  const after = new WordCount(placeholder);
  yield* renewSeals(after.counting(spliceChunks(before.counting(pieces), splices)), seals);
  const placeholders = sites.filter(({ slot }) => slot === undefined).length;
  if (before.count() - after.count() !== placeholders)
    throw new ArchiveError('placeholder-left', `not every ${placeholder} in '${showBytes(path)}' was filled in`);
}
