/** Back from a file that was filled in for a place to the bytes of the archive: so that a tree which moved on can still be verified. Pure. */
import type { Placement } from '../model/install.ts';
import type { FileEntry } from '../model/manifest-entry.ts';
import type { Manifest } from '../model/manifest.ts';
import type { TreePath } from '../model/path.ts';
import { asAbsolutePath, asTreePath } from '../model/path.ts';
import type { AbsoluteForm, Splice } from '../model/reference.ts';
import { writeAbsolute } from './absolute-form.ts';
import { encodeBytes } from './byte-text.ts';
import { escapePath } from './escaping.ts';
import type { NewContent } from './follows.ts';
import { offsetShift } from './offset-shift.ts';
import { isMisfit, rowSplices, siteSplices } from './render.ts';
import { mergeSplices } from './splices.ts';

/** The way there and back. `forward` counts in the bytes of the archive, `backward` in those of the rendered file. */
export interface BothWays {
  readonly forward: readonly Splice[];
  readonly backward: readonly Splice[];
}

/**
 * The edits between the archive's bytes of a file and those filled in for a place; null where that does not fit. `renderedAs`
 * and `packedAs` tell the content of the files that its rows follow.
 */
export function bothWays(
  entry: FileEntry,
  manifest: Pick<Manifest, 'placeholder' | 'origins'>,
  placement: Placement,
  renderedAs: (path: TreePath) => NewContent | undefined,
  packedAs: (path: TreePath) => NewContent | undefined,
): BothWays | null {
  const sites = siteSplices(entry, placement);
  const packed = packedSplices(entry.sites ?? [], manifest);
  if (isMisfit(sites) || packed === null) return null;
  const forward = mergeSplices(sites, rowSplices(entry.rows ?? [], renderedAs));
  const before = mergeSplices(
    packed,
    rowSplices(entry.rows ?? [], (path) => (renderedAs(path) === undefined ? undefined : packedAs(path))),
  );
  if (forward.length !== before.length) return null;
  const shift = offsetShift(forward);
  const backward = forward.map(({ start, text }, index) => ({
    start: shift(start),
    end: shift(start) + encodeBytes(text).length,
    text: before[index]?.text ?? '',
  }));
  return { forward, backward };
}

/** What stands at the sites in the archive: the placeholder, or in a slot the prefix of the build. Null where that is not known. */
function packedSplices(
  sites: readonly AbsoluteForm[],
  { placeholder, origins }: Pick<Manifest, 'placeholder' | 'origins'>,
): readonly Splice[] | null {
  const splices: Splice[] = [];
  for (const site of sites) {
    const origin = origins.find(
      ({ base, path }) => base === site.base && escapePath(path, site.escaping)?.length === site.end - site.start,
    );
    if (site.slot !== undefined && origin === undefined) return null;
    const written =
      origin === undefined || site.slot === undefined
        ? writeAbsolute(site, placeholder)
        : writeAbsolute({ ...site, base: asTreePath('') }, asAbsolutePath(origin.path));
    if (!written.ok) return null;
    splices.push(...written.splices);
  }
  return splices;
}
