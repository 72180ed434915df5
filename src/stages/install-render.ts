/** Fills a tree in for its destination: sites, the Pythons of its environments, and the RECORD rows that follow. */
import { compareBytes, showBytes } from '../formats/byte-text.ts';
import { fillIn, requireSiteTexts, type Filling } from '../formats/filling.ts';
import { isMisfit, rowSplices, siteSplices, valueSplices } from '../formats/render.ts';
import { mergeSplices } from '../formats/splices.ts';
import { readRange, rewriteFile } from '../io/file-rewrite.ts';
import type { FilledFile } from '../io/file-tasks.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import type { Staging } from '../io/staging.ts';
import { ArchiveError } from '../model/errors.ts';
import type { Placement } from '../model/install.ts';
import type { FileEntry } from '../model/manifest-entry.ts';
import { joinTree, type TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import type { Replacements } from './install-python.ts';

/** The new content of every file that was filled in. */
export type Rendered = ReadonlyMap<TreePath, FilledFile>;

/** What is to be filled in, and when. */
export class Rendering {
  readonly #manifest: ManifestStore;
  readonly #placement: Placement;
  readonly #values = new Map<TreePath, readonly Splice[]>();

  constructor(manifest: ManifestStore, placement: Placement, pythons: Replacements) {
    this.#manifest = manifest;
    this.#placement = placement;
    for (const { environment, values } of manifest.head.requirements.interpreters) {
      const python = pythons.get(environment);
      if (python !== undefined) this.#values.set(joinTree(environment, 'pyvenv.cfg'), valueSplices(values, python));
    }
  }

  /** Whether a file has sites, or names a Python. */
  isFilledIn({ path, sites }: FileEntry): boolean {
    return sites !== undefined || (this.#values.get(path) ?? []).length > 0;
  }

  /** How to fill a file in while it is written; null where there is nothing to fill in, or it comes later. */
  fillingOf(entry: FileEntry): Filling | null {
    return this.isFilledIn(entry) && !this.comesLater(entry) ? this.#fillingOf(entry, new Map()) : null;
  }

  /** Whether a file is written as it comes and filled in afterwards: it needs the digests of others. */
  comesLater({ rows }: FileEntry): boolean {
    return rows !== undefined;
  }

  /**
   * Fills in what comes later: files with rows.
   * @returns all files that were filled in, in the order of the manifest but for these last
   * @throws ArchiveError `site-mismatch` where a site does not hold what it should, `placeholder-left` where one was not filled in
   */
  finish(staging: Staging, done: Rendered): Rendered {
    // the order of the manifest
    const rendered = new Map([...done].sort(([a], [b]) => compareBytes(a, b)));
    for (const entry of this.#manifest.entriesOf('following')) {
      const filled = this.#rewrite(entry, staging, rendered);
      if (filled !== undefined) rendered.set(entry.path, filled);
    }
    return rendered;
  }

  #fillingOf(entry: FileEntry, rendered: Rendered): Filling {
    const sites = siteSplices(entry, this.#placement);
    // preflight has asked the same
    if (isMisfit(sites)) throw new ArchiveError('site-misfit', `the place does not fit into ${showBytes(entry.path)}`);
    const rows = rowSplices(entry.rows ?? [], (path) => rendered.get(path));
    const splices = mergeSplices(sites, this.#values.get(entry.path) ?? [], rows);
    return { sites: entry.sites ?? [], seals: entry.seals ?? [], splices };
  }

  #rewrite(entry: FileEntry, staging: Staging, rendered: Rendered): FilledFile | undefined {
    const { path, sites = [] } = entry;
    const filling = this.#fillingOf(entry, rendered);
    if (filling.splices.length === 0 && entry.sites === undefined) return undefined;
    requireSiteTexts(path, sites, this.#manifest.head, (start, end) => readRange(staging.root, path, start, end));
    const file = { path, isSparse: entry.sparse === true, attributes: null };
    return rewriteFile(staging.root, file, (pieces) => fillIn(path, filling, this.#manifest.head, pieces));
  }
}
