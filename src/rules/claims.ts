/** Building blocks for claims: the path at a hit, where it points, and the two usual forms. */
import { pathGoesOnAt } from '../formats/boundary.ts';
import { unescapePath } from '../formats/escaping.ts';
import type { Hit } from '../formats/needles.ts';
import { asTreePath, isInside, joinTree, resolveInTree, type TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { AbsoluteForm, Escaping, Site, Splice } from '../model/reference.ts';
import type { Claim, FileView, RuleContext } from './rule.ts';

/** The longest path that is shown and resolved. */
const LONGEST_PATH = 4096;

/** The path that begins at a hit, as far as its bytes go on: [hit.start, end), unescaped. */
export interface FoundPath {
  readonly end: number;
  readonly path: string;
  /** Where it is in the tree; null where it climbs out. */
  readonly inTree: TreePath | null;
}

/**
 * Reads on from a hit to the end of the path: components of name bytes and `/`. A rule that knows the quoting gives `until`,
 * the offset at which the path ends for sure (the closing quote, the end of the line).
 */
export function pathAt(view: FileView, hit: Hit, until?: number): FoundPath {
  const end = until ?? endOfPath(view, hit);
  const { prefix, escaping } = hit;
  const path = unescapePath(view.region(hit.start, end), escaping);
  // not so where the last byte of the prefix and the next one make a character
  const isPlain = escaping === 'plain' && path.startsWith(prefix.path);
  const tail = isPlain ? path.slice(prefix.path.length) : unescapePath(view.region(hit.end, end), escaping);
  return { end, path, inTree: resolveInTree(prefix.base, tail) };
}

function endOfPath(view: FileView, hit: Hit): number {
  const bytes = view.region(hit.end, hit.end + LONGEST_PATH);
  let at = 0;
  for (let step = -1; step !== 0; at += step) step = pathGoesOnAt(bytes, at, hit.escaping);
  return hit.end + at;
}

/** Where an absolute path is in the tree, by the known prefixes, longest first; null where it is outside. */
export function locate(
  path: string,
  prefixes: readonly Prefix[],
): { readonly prefix: Prefix; readonly inTree: TreePath } | null {
  let best: Prefix | null = null;
  for (const prefix of prefixes)
    if (isInside(path, prefix.path) && (best === null || prefix.path.length > best.path.length)) best = prefix;
  if (best === null) return null;
  const inTree = resolveInTree(best.base, path.slice(best.path.length));
  return inTree === null ? null : { prefix: best, inTree };
}

/** Whether a hit is the only one in [start, end). The hits are sorted. */
export function standsAlone(hits: readonly Hit[], index: number, start: number, end: number): boolean {
  const [before, after] = [hits[index - 1], hits[index + 1]];
  return (before === undefined || before.start < start) && (after === undefined || after.end > end);
}

/** A text site of a hit. */
export function textSite(view: FileView, start: number, end: number): Site {
  const { line, column } = view.position(start);
  return { kind: 'text', start, end, line, column };
}

/** How to write the prefix of a hit anew. `escaping` is what the context really is, where the rule knows better than the search. */
export function absoluteForm(hit: Hit, escaping: Escaping = hit.escaping): AbsoluteForm {
  return { start: hit.start, end: hit.end, escaping, base: hit.prefix.base };
}

/** What claims on a hit in text have in common. */
export interface TextClaim {
  readonly found?: FoundPath;
  /** What the context really is, where the rule knows better than the search. */
  readonly escaping?: Escaping;
  readonly note?: string;
}

/** A hit that can be written anew but not made relative. */
export function pinned(view: FileView, hit: Hit, options: TextClaim = {}): Claim {
  return { ...textClaim(view, hit, options), fix: 'pinned' };
}

/** A hit that becomes self-locating through splices; it can be written anew too. */
export function relative(view: FileView, hit: Hit, splices: readonly Splice[], options: TextClaim = {}): Claim {
  return { ...textClaim(view, hit, options), fix: 'relative', relative: { kind: 'splices', splices } };
}

/** A hit that can't be written anew, for the reason in the note. */
export function blocked(view: FileView, hit: Hit, options: TextClaim): Claim {
  const { absolute: _, ...claim } = textClaim(view, hit, options);
  return { ...claim, applicability: 'manual', fix: 'blocked' };
}

function textClaim(view: FileView, hit: Hit, options: TextClaim): Omit<Claim, 'fix'> {
  const found = options.found ?? pathAt(view, hit);
  return {
    hit,
    site: textSite(view, hit.start, found.end),
    path: found.path,
    prefix: hit.prefix.path,
    scope: 'inside',
    applicability: hit.ambiguous ? 'unsafe' : 'safe',
    note: options.note ?? '',
    absolute: absoluteForm(hit, options.escaping),
  };
}

/** The real folder a file stands in: where `$(dirname "$(realpath "$0")")` is at run time. */
export function realFolderOf(file: TreePath, context: RuleContext): TreePath {
  const slash = file.lastIndexOf('/');
  const folder = asTreePath(slash < 0 ? '' : file.slice(0, slash));
  return context.realPath(folder) ?? joinTree(folder);
}
