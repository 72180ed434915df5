/** Fills a staged tree in for its destination: sites, the Pythons of its environments, and the RECORD rows that follow. */
import { showBytes } from '../formats/byte-text.ts';
import { isMisfit, isSiteText, rowSplices, siteSplices, valueSplices } from '../formats/render.ts';
import { renewSeals } from '../formats/seals.ts';
import { mergeSplices, spliceChunks } from '../formats/splices.ts';
import { WordCount } from '../formats/word-count.ts';
import type { Staging, WrittenFile } from '../io/staging.ts';
import { ArchiveError } from '../model/errors.ts';
import type { Placement } from '../model/install.ts';
import type { FileEntry, Manifest } from '../model/manifest.ts';
import { joinTree, type TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import type { Replacements } from './install-python.ts';

/** The new content of every file that was filled in. */
export type Rendered = ReadonlyMap<TreePath, WrittenFile>;

/**
 * Renders every file that asks for it. Files with rows come last: they need the digests of the others.
 * @throws ArchiveError `site-mismatch` where a site does not hold what it should, `placeholder-left` where one was not filled in
 */
export function renderFiles(
  manifest: Manifest,
  staging: Staging,
  placement: Placement,
  pythons: Replacements,
): Rendered {
  const rendered = new Map<TreePath, WrittenFile>();
  const values = new Map<TreePath, readonly Splice[]>();
  for (const { environment, values: found } of manifest.requirements.interpreters) {
    const python = pythons.get(environment);
    if (python !== undefined) values.set(joinTree(environment, 'pyvenv.cfg'), valueSplices(found, python));
  }
  const files = manifest.entries.filter((entry): entry is FileEntry => entry.type === 'file');
  const render = (entry: FileEntry): void => {
    const splices = splicesFor(entry, placement, values.get(entry.path) ?? [], rendered);
    if (splices.length === 0 && entry.sites === undefined) return;
    rendered.set(entry.path, renderFile(entry, staging, splices, manifest));
  };
  files.filter(({ rows }) => rows === undefined).forEach(render);
  files.filter(({ rows }) => rows !== undefined).forEach(render);
  return rendered;
}

function splicesFor(entry: FileEntry, placement: Placement, values: readonly Splice[], rendered: Rendered): Splice[] {
  const sites = siteSplices(entry, placement);
  // preflight has asked the same
  if (isMisfit(sites)) throw new ArchiveError('site-misfit', `the place does not fit into ${showBytes(entry.path)}`);
  return mergeSplices(
    sites,
    values,
    rowSplices(entry.rows ?? [], (path) => rendered.get(path)),
  );
}

function renderFile(entry: FileEntry, staging: Staging, splices: readonly Splice[], manifest: Manifest): WrittenFile {
  requireSiteTexts(entry, staging, manifest);
  const before = new WordCount(manifest.placeholder);
  const after = new WordCount(manifest.placeholder);
  const written = staging.rewriteFile(entry.path, entry.sparse === true, (pieces) =>
    renewSeals(after.counting(spliceChunks(before.counting(pieces), splices)), entry.seals ?? []),
  );
  const placeholders = (entry.sites ?? []).filter(({ slot }) => slot === undefined).length;
  if (before.count() - after.count() !== placeholders)
    throw new ArchiveError(
      'placeholder-left',
      `not every ${manifest.placeholder} in '${showBytes(entry.path)}' was filled in`,
    );
  return written;
}

/** Looks at the bytes that are about to be replaced. */
function requireSiteTexts(entry: FileEntry, staging: Staging, { placeholder, origins }: Manifest): void {
  for (const site of entry.sites ?? [])
    if (!isSiteText(staging.readRange(entry.path, site.start, site.end), site, placeholder, origins))
      throw new ArchiveError(
        'site-mismatch',
        `'${showBytes(entry.path)}' does not hold at byte ${site.start} what the manifest says`,
      );
}
