/** How a file of an archive is filled in for its destination: from sites and rows to splices. Pure. */
import type { Placement } from '../model/install.ts';
import type { FileEntry, RecordRow } from '../model/manifest-entry.ts';
import type { Origin } from '../model/manifest.ts';
import { joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { AbsoluteForm, Splice } from '../model/reference.ts';
import type { InterpreterValue } from '../model/requirements.ts';
import { writeAbsolute } from './absolute-form.ts';
import { escapePath, unescapePath } from './escaping.ts';
import type { NewContent } from './follows.ts';

/** Why a site can't be written for a destination. */
export interface Misfit {
  readonly path: TreePath;
  readonly why: 'cannot-grow' | 'unwritable';
  /** Bytes that there are and that it takes, for `cannot-grow`. */
  readonly room: number;
  readonly needed: number;
}

/** The splices of all sites of a file, or the first site that can't be written. */
export function siteSplices(entry: FileEntry, placement: Placement): readonly Splice[] | Misfit {
  const splices: Splice[] = [];
  for (const site of entry.sites ?? []) {
    const written = writeAbsolute(site, site.slot === undefined ? placement.place : placement.slots);
    if (!written.ok) return { path: entry.path, why: written.why, room: written.room, needed: written.needed };
    splices.push(...written.splices);
  }
  return splices;
}

export function isMisfit(result: readonly Splice[] | Misfit): result is Misfit {
  return 'why' in result;
}

/** The splices of rows whose files were rendered. */
export function rowSplices(
  rows: readonly RecordRow[],
  renderedAs: (path: TreePath) => NewContent | undefined,
): Splice[] {
  return rows.flatMap(({ of, digest, size }) => {
    const content = renderedAs(of);
    return content === undefined ? [] : [...rowTexts(digest, size, content)];
  });
}

function rowTexts(
  [digestStart = 0, digestEnd = 0]: readonly number[],
  [sizeStart = 0, sizeEnd = 0]: readonly number[],
  content: NewContent,
): Splice[] {
  return [
    { start: digestStart, end: digestEnd, text: recordDigest(content.digest) },
    { start: sizeStart, end: sizeEnd, text: String(content.size) },
  ];
}

/** A digest as a RECORD has it: base64url without padding (binary distribution format, "The .dist-info directory"). */
export function recordDigest(hex: string): string {
  return `sha256=${Buffer.from(hex, 'hex').toString('base64url')}`;
}

/** A Python that takes the place of the one that the build used. */
export interface ReplacedPython {
  readonly home: string;
  readonly program: string;
  readonly prefix: string;
}

export function valueSplices(values: readonly InterpreterValue[], python: ReplacedPython): Splice[] {
  return values.map(({ start, end, is }) => ({ start, end, text: python[is] }));
}

/**
 * Whether the bytes at a site are what the manifest says they are: the placeholder, or, in a slot, a prefix of the build. An edit
 * elsewhere would be one that nobody planned.
 */
export function isSiteText(
  bytes: Buffer,
  site: AbsoluteForm,
  placeholder: string,
  origins: readonly Origin[],
): boolean {
  if (site.slot === undefined) {
    const expected = escapePath(
      site.base === '' ? placeholder : joinAbsolute(placeholder as AbsolutePath, site.base),
      site.escaping,
    ); // stands for one
    return expected !== null && expected.equals(bytes);
  }
  // an earlier move to a shorter place filled the slot up with `/`
  const path = unescapePath(bytes, site.escaping).replace(/(?<=.)\/+$/, '');
  return origins.some((origin) => origin.path === path && origin.base === site.base);
}

/** How often a file should still name an origin once it is filled in: its slots name the destination now. */
export function remainsAfter(entry: FileEntry): number {
  return (entry.remains ?? 0) - (entry.sites ?? []).filter(({ slot }) => slot !== undefined).length;
}
