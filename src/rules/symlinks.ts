/** What the rules about symlinks share: where a link leads, by its text and in fact. */
import type { Entry } from '../model/entry.ts';
import {
  dirName,
  isInside,
  normalizeAbsolute,
  relativeTo,
  resolveInTree,
  type AbsolutePath,
  type TreePath,
} from '../model/path.ts';
import { locate } from './claims.ts';
import type { Claim, RuleContext } from './rule.ts';

/**
 * What becomes of a link. `absolute-inside`: an absolute text that means a place of the tree; `relative` is the text that replaces it.
 * `escaping`: a relative text that leaves the tree. `relative`: it stays within.
 */
export type Link =
  | {
      readonly kind: 'absolute-inside';
      readonly prefix: AbsolutePath | null;
      readonly relative: string;
      readonly inTree: TreePath;
    }
  | { readonly kind: 'absolute-outside' }
  | { readonly kind: 'escaping' }
  | { readonly kind: 'relative'; readonly inTree: TreePath };

/** Reads the text of a symlink entry. */
export function readLink(entry: Entry, context: RuleContext): Link {
  const target = entry.target ?? '';
  const folder = dirName(entry.path);
  if (!target.startsWith('/')) {
    const inTree = resolveInTree(folder, target);
    return inTree === null ? { kind: 'escaping' } : { kind: 'relative', inTree };
  }
  const found = locate(normalizeAbsolute(target) ?? target, context.prefixes);
  if (found !== null)
    return {
      kind: 'absolute-inside',
      prefix: found.prefix.path,
      inTree: found.inTree,
      relative: relativeText(folder, target, found.inTree),
    };
  const inTree = aliasOfTree(target, context);
  if (inTree === null) return { kind: 'absolute-outside' };
  return { kind: 'absolute-inside', prefix: null, inTree, relative: relativeText(folder, target, inTree) };
}

/** A target that no known prefix explains, but that leads into the tree through links of the host. */
function aliasOfTree(target: string, context: RuleContext): TreePath | null {
  const real = context.hostRealPath(target);
  if (real === null || !isInside(real, context.tree)) return null;
  return resolveInTree('' as TreePath, real.slice(context.tree.length));
}

/** The relative text for a target; a trailing slash means "the folder" and stays. */
function relativeText(folder: TreePath, target: string, inTree: TreePath): string {
  const path = relativeTo(folder, inTree);
  return target.endsWith('/') && path !== '.' ? `${path}/` : path;
}

/** Whether following a link of the tree ends somewhere: `there`, `nowhere`, or round in a circle. */
export function endOf(entry: Entry, link: Link, context: RuleContext): 'there' | 'nowhere' | 'loop' {
  if (context.resolvedTypeOf(entry.path) !== null) return 'there';
  if (link.kind === 'absolute-inside')
    return context.resolvedTypeOf(link.inTree) !== null ? 'there' : isLoop(link.inTree, context) ? 'loop' : 'nowhere';
  return link.kind === 'relative' && isLoop(entry.path, context) ? 'loop' : 'nowhere';
}

/** Follows links by their last names only; longer than the kernel would (40) means a loop. */
function isLoop(start: TreePath, context: RuleContext): boolean {
  let at = start;
  for (let steps = 0; steps <= 40; steps++) {
    const target = context.linkTarget(at);
    if (target === null) return false;
    const next = target.startsWith('/')
      ? (locate(normalizeAbsolute(target) ?? target, context.prefixes)?.inTree ?? null)
      : resolveInTree(dirName(at), target);
    if (next === null) return false;
    at = next;
  }
  return true;
}

/** A link to a Python that comes along leads into the tree; null for every other link. */
export function bundledLink(entry: Entry, { options }: RuleContext): Pick<Claim, 'fix' | 'note' | 'relative'> | null {
  const link = options.bundled.flatMap(({ links }) => links).find(({ path }) => path === entry.path);
  if (link === undefined) return null;
  const target = relativeTo(dirName(entry.path), link.to);
  return { fix: 'relative', relative: { kind: 'target', target }, note: 'the Python comes along' };
}

/** A claim on a symlink's target. */
export function linkClaim(entry: Entry, parts: Pick<Claim, 'prefix' | 'scope' | 'fix' | 'note' | 'relative'>): Claim {
  return { hit: null, site: { kind: 'symlink' }, path: entry.target ?? '', applicability: 'safe', ...parts };
}
