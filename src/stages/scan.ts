/** scan: what ties a tree to its place. Walks it once, reads every file once, writes nothing. */
import { availableParallelism } from 'node:os';
import { probeTree } from '../io/tree-probe.ts';
import { scanPool, type ScanPool } from '../io/scan-pool.ts';
import type { Bundle } from '../model/bundle.ts';
import type { Entry } from '../model/entry.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { Allowance, Excluded, Scan } from '../model/scan.ts';
import { debrisOf } from '../rules/build-debris.ts';
import { USUAL, type RuleContext, type RuleOptions } from '../rules/rule.ts';
import { ScanQueue } from './scan-queue.ts';
import { ScanTally } from './scan-tally.ts';
import { bundlePrefixes, withBundle } from './bundled-scan.ts';
import { discoverPrefixes, type PrefixOptions, type Prefixes } from './prefixes.ts';
import { selectPaths, type Selection } from './selection.ts';
import { findTree, type TreePlace } from './tree.ts';
import { walk } from './walk.ts';

export interface ScanProgress {
  readonly files: number;
  readonly bytes: number;
}

export interface ScanOptions extends PrefixOptions, Partial<Omit<RuleOptions, 'bundled' | 'repack'>> {
  /** For a plan that writes into archives: the place that it writes, `true` for where the tree stands. */
  readonly repack?: AbsolutePath | boolean;
  /** Globs, relative to the tree, of what is left out. */
  readonly exclude?: readonly string[];
  /** Leave out what builds left behind (RL212). */
  readonly excludeDebris?: boolean;
  readonly allowances?: readonly Allowance[];
  /** Pythons that come along: their files are scanned too. */
  readonly bundle?: Bundle;
  /** Threads; by default one for each processor. The result does not depend on it. */
  readonly jobs?: number;
  /**
   * False where only a report is wanted, no plan: `files` stays empty, and nothing is hashed. True by default.
   */
  readonly facts?: boolean;
  readonly onProgress?: (done: ScanProgress) => void;
  readonly signal?: AbortSignal;
}

/** A scan with what a pack needs besides: every entry, and the sha256 (hex) of every regular file by its path. */
export interface FullScan {
  readonly scan: Scan;
  readonly entries: readonly Entry[];
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * Scans a tree.
 * @throws UsageError where there is no tree, or an option is wrong; the signal's reason where it is aborted
 * @example const { references } = await scan('/srv/build/site');
 */
export async function scan(tree: string, options: ScanOptions = {}): Promise<Scan> {
  return (await scanTree(tree, options, false)).scan;
}

/** Scans a tree, hashes every file, and keeps the entries: the first pass of a pack. */
export async function scanWithDigests(tree: string, options: ScanOptions = {}): Promise<FullScan> {
  return scanTree(tree, options, true);
}

async function scanTree(tree: string, options: ScanOptions, isFull: boolean): Promise<FullScan> {
  const place = findTree(tree);
  const found = await discoverPrefixes(tree, options);
  const own = await scanPlace(place, found, options, isFull);
  if (options.bundle === undefined) return own;
  const { exclude: _, excludeDebris: _d, allowances: _a, ...others } = options;
  const staged = { logical: options.bundle.staging, real: options.bundle.staging };
  const prefixes = bundlePrefixes(options.bundle, found.prefixes);
  return withBundle(own, await scanPlace(staged, { prefixes, warnings: [] }, others, isFull), options.bundle);
}

async function scanPlace(
  place: TreePlace,
  { prefixes, warnings }: Prefixes,
  options: ScanOptions,
  isFull: boolean,
): Promise<FullScan> {
  const choices = ruleOptions(options, place.logical);
  const globs = selectPaths(options.exclude ?? []);
  const exclude = options.excludeDebris === true ? withDebris(globs, probeTree(place.real, prefixes, choices)) : globs;
  const digests = isFull ? 'all' : options.facts === false ? 'none' : 'referring';
  const tally = new ScanTally(place, prefixes, choices, digests);
  const queue = new ScanQueue(!isFull);
  const pool = scanPool(
    { root: place.real, prefixes, options: choices, digests },
    options.jobs ?? availableParallelism(),
    (result) => {
      const { files, bytes } = queue.addResult(result);
      tally.addResult({ ...result, files: result.files + files, bytes: result.bytes + bytes });
      options.onProgress?.({ files: tally.filesRead, bytes: tally.bytesRead });
    },
    options.signal,
  );
  const onExcluded = (excluded: Excluded): void => tally.addExcluded(excluded);
  try {
    await feed(pool, tally, queue, walk(place.real, { exclude, onExcluded, isNamesOnly: !isFull }));
  } finally {
    await pool.stop();
  }
  return { scan: tally.result(warnings, options.allowances ?? []), entries: tally.entries, digests: tally.digests };
}

/** Leaves out what builds left behind, too: of a folder that is a build's alone the folder itself. */
function withDebris(globs: Selection, context: RuleContext): Selection {
  return (path) => {
    const glob = globs(path);
    if (glob !== null) return glob;
    const debris = debrisOf(path, context);
    return debris === null ? null : `debris of ${debris.name}`;
  };
}

/** Every file once; then what waited until all names were known. */
async function feed(pool: ScanPool, tally: ScanTally, queue: ScanQueue, entries: Iterable<Entry>): Promise<void> {
  for (const entry of entries) {
    tally.addEntry(entry);
    queue.add(entry);
    for (const batch of queue.batches('full')) await pool.submit(batch);
  }
  do {
    for (const batch of queue.batches('all')) await pool.submit(batch);
    await pool.settle();
  } while (queue.hasMore);
  tally.addNames(queue.names());
  for (const batch of queue.claims(tally.realPath)) await pool.submit(batch);
  await pool.settle();
}

function ruleOptions({ repack = false, ...asked }: ScanOptions, here: AbsolutePath): RuleOptions {
  return {
    repack: repack === true ? here : repack === false ? null : repack,
    launcher: asked.launcher ?? USUAL.launcher,
    grow: asked.grow ?? USUAL.grow,
    dropOutsideRpath: asked.dropOutsideRpath ?? USUAL.dropOutsideRpath,
    stripDebugPaths: asked.stripDebugPaths ?? USUAL.stripDebugPaths,
    archives: asked.archives ?? USUAL.archives,
    bundled: asked.bundle?.pythons.flatMap(({ environments }) => environments) ?? USUAL.bundled,
  };
}
