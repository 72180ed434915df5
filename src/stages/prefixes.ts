/** Which prefixes a tree was built at: never asked for where it can be found out, each with its evidence. */
import { originOfLink, originsIn, type Origin } from '../formats/origins.ts';
import { findOrigins } from '../io/origin-files.ts';
import { probeTree } from '../io/tree-probe.ts';
import { readTreeMemory } from '../io/tree-memory.ts';
import { leadsTo } from '../io/via-link.ts';
import { UsageError } from '../model/errors.ts';
import {
  asTreePath,
  isInside,
  joinAbsolute,
  normalizeAbsolute,
  type AbsolutePath,
  type TreePath,
} from '../model/path.ts';
import { PLACEHOLDER_PREFIX } from '../model/plan.ts';
import type { Prefix, PrefixSource } from '../model/prefix.ts';
import { USUAL, type RuleContext } from '../rules/rule.ts';
import { findTree, type TreePlace } from './tree.ts';

/** Whether a folder is one of every host, so that text that names it says nothing of a tree. */
export function isSystemPlace(path: AbsolutePath): boolean {
  return SYSTEM.has(path) || isShort(path);
}

export interface PrefixOptions {
  /** Prefixes the user names (`--prefix`, `--from`), absolute. */
  readonly prefixes?: readonly string[];
  /** Those of the configuration. */
  readonly configured?: readonly string[];
  /** Use prefixes of one component (`/srv`) too: they match much that has nothing to do with the tree. */
  readonly force?: boolean;
}

export interface Prefixes {
  /** Sorted: the tree's own first, then by source and path. */
  readonly prefixes: readonly Prefix[];
  readonly warnings: readonly string[];
}

/** A prefix of fewer components than this matches too much: `/usr`, `/opt`. */
const LEAST_COMPONENTS = 2;
/** Folders of every host: what lies in them belongs to the system, not to a tree that was moved. */
const SYSTEM = new Set([
  '/',
  '/usr',
  '/usr/local',
  '/opt/homebrew',
  '/opt/local',
  '/home',
  '/tmp',
  '/var',
  '/usr/lib',
  '/usr/share',
]);

/**
 * Finds the prefixes of a tree: its own path, logical and real; those named by the user; those that an earlier run left; and
 * those that the tree itself remembers (pyvenv.cfg, activate, shebangs, links, pkg-config files …).
 * @throws UsageError for a prefix that is not absolute, or a tree at a place of one component without `force`
 */
export async function discoverPrefixes(tree: string, options: PrefixOptions = {}): Promise<Prefixes> {
  const place = findTree(tree);
  return findPrefixes(place, options, probeTree(place.real, [], USUAL));
}

/** The same for a tree that was found. `context` knows no prefix yet. */
export function findPrefixes(place: TreePlace, options: PrefixOptions, context: RuleContext): Prefixes {
  const warnings: string[] = [];
  const known = new Map<AbsolutePath, Prefix>();
  const add = (path: AbsolutePath, base: TreePath, source: PrefixSource, evidence: string): void => {
    if (known.has(path)) return;
    if (isShort(path) && path !== PLACEHOLDER_PREFIX && options.force !== true)
      warnings.push(shortWarning(path, source, evidence));
    else known.set(path, { path, base, source, evidence });
  };
  requireLongEnough(place, options);
  const root = asTreePath('');
  add(place.logical, root, 'tree', '');
  add(place.real, root, 'real', 'the real path of the tree');
  for (const path of options.prefixes ?? []) add(namedPrefix(path, '--prefix'), root, 'option', '--prefix');
  for (const path of options.configured ?? [])
    add(namedPrefix(path, 'prefixes'), root, 'config', 'relocate.toml: prefixes');
  const memories = readTreeMemory(place.real);
  const via = memories?.via ?? null;
  if (via !== null && leadsTo(via, place.real)) add(via, root, 'via', 'the link to the tree that fixed slots name');
  for (const memory of memories?.prefixes ?? [])
    add(
      memory.path,
      memory.base,
      'receipt',
      memory.path === PLACEHOLDER_PREFIX ? 'fix --template' : '.relocate/tree.json',
    );
  for (const found of recordedPrefixes(place, context)) add(found.path, found.base, 'recorded', found.evidence);
  return { prefixes: [...known.values()], warnings };
}

function requireLongEnough({ logical, real }: TreePlace, { force }: PrefixOptions): void {
  const short = [logical, real].find(isShort);
  if (short === undefined || force === true) return;
  throw new UsageError(
    `the tree's path ${short} has one component only, and text such as '${short}/…' may mean other things; give --force to use it all the same`,
  );
}

function isShort(path: AbsolutePath): boolean {
  return path.split('/').filter((part) => part !== '').length < LEAST_COMPONENTS;
}

function shortWarning(path: AbsolutePath, source: PrefixSource, evidence: string): string {
  return `the prefix ${path} (${evidence === '' ? source : evidence}) is not looked for: with one component it matches too much; --force uses it`;
}

function namedPrefix(path: string, option: string): AbsolutePath {
  const normal = normalizeAbsolute(path);
  if (normal === null || normal === '/')
    throw new UsageError(`${option}: '${path}' is not an absolute path of a folder`);
  return normal;
}

type Exact = Extract<Origin, { kind: 'exact' }>;

interface Found {
  readonly path: AbsolutePath;
  readonly base: TreePath;
  readonly evidence: string;
}

/** What the tree remembers. An exact statement counts at once; what only a tail suggests, when the old place is gone or two agree. */
function recordedPrefixes(place: TreePlace, context: RuleContext): Found[] {
  const { files, links } = findOrigins(place.real);
  const origins = [
    ...files.flatMap(({ path, text }) => originsIn(path, text)),
    ...links.flatMap(({ path, target }) => originOfLink(path, target)),
  ];
  const isOwn = (path: string): boolean => [place.logical, place.real].some((own) => isInside(path, own));
  const exact = onePerFolder(
    origins.flatMap((origin) =>
      origin.kind === 'exact' && !SYSTEM.has(origin.path) && !isTrue(origin, place) ? [origin] : [],
    ),
  );
  const knowsItsRoot = origins.some((origin) => origin.kind === 'exact' && origin.base === '');
  const roots = new Votes();
  for (const origin of exact) {
    if (origin.base === '' || !origin.path.endsWith(`/${origin.base}`)) continue;
    const root = origin.path.slice(0, -origin.base.length - 1);
    // a folder of one name may have come alone from a place that had the same name for it
    roots.add(root, origin, origin.base.includes('/') && context.hostTypeOf(root) === null ? 2 : 1);
  }
  for (const origin of origins) {
    if (origin.kind !== 'tail' || isOwn(origin.path) || exact.some((known) => speaksOf(known, origin))) continue;
    const root = rootByTail(origin, context);
    if (root === null || SYSTEM.has(root.path) || (root.names < 3 && knowsItsRoot)) continue;
    // one program of the host with the same name proves nothing; a long tail, or a place that is gone, does
    const isGone = context.hostTypeOf(origin.path) === null;
    roots.add(root.path, origin, root.names >= 3 && isGone ? 2 : isGone || root.names >= 3 ? 1 : 0);
  }
  const winners = roots.winners();
  const nested = exact.filter((origin) => !winners.some((root) => `${root.path}/${origin.base}` === origin.path));
  return [...winners, ...nested];
}

/** A statement that is true where the tree stands now tells nothing new. */
function isTrue(origin: { readonly path: AbsolutePath; readonly base: TreePath }, place: TreePlace): boolean {
  return [place.logical, place.real].some((own) => joinAbsolute(own, origin.base) === origin.path);
}

/** What a folder says of itself in several files counts once, by the first. */
function onePerFolder(origins: readonly Exact[]): Exact[] {
  return [
    ...new Map(origins.toReversed().map((origin) => [`${origin.base}\0${origin.path}`, origin])).values(),
  ].reverse();
}

/** Whether a file of a folder that states where it was says no more than that: its scripts name its own interpreter. */
function speaksOf(known: Exact, origin: Extract<Origin, { kind: 'tail' }>): boolean {
  return isInside(origin.path, known.path) && (known.base === '' || isInside(origin.file, known.base));
}

/** The longest tail of the path, of two names or more, that exists in the tree; what is before it is the old root. */
function rootByTail(
  origin: Origin,
  context: RuleContext,
): { readonly path: AbsolutePath; readonly names: number } | null {
  const names = origin.path.slice(1).split('/');
  for (let from = 1; from <= names.length - 2; from++) {
    const tail = asTreePath(names.slice(from).join('/'));
    if (context.typeOf(tail) === null) continue;
    const path = normalizeAbsolute(`/${names.slice(0, from).join('/')}`);
    return path === null ? null : { path, names: names.length - from };
  }
  return null;
}

/** Candidates for the root's old place, with how sure each is. */
class Votes {
  readonly #votes = new Map<string, { weight: number; evidence: string }>();

  add(path: string, origin: Origin, weight: number): void {
    const vote = this.#votes.get(path);
    if (vote === undefined) this.#votes.set(path, { weight, evidence: origin.evidence });
    else vote.weight += weight;
  }

  winners(): Found[] {
    return [...this.#votes].flatMap(([text, { weight, evidence }]) => {
      const path = normalizeAbsolute(text);
      return weight < 2 || path === null || SYSTEM.has(path) ? [] : [{ path, base: asTreePath(''), evidence }];
    });
  }
}
