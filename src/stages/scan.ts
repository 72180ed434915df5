/** scan: what ties a tree to its place. Walks it once, reads every file once, writes nothing. */
import { EntrySpool } from '../io/entry-spool.ts';
import { probeTree } from '../io/tree-probe.ts';
import type { EntryList } from '../model/entry.ts';
import type { Scan } from '../model/scan.ts';
import { bundlePrefixes, withBundle } from './bundled-scan.ts';
import { discoverPrefixes, type Prefixes } from './prefixes.ts';
import { ruleOptions, type ScanOptions } from './scan-options.ts';
import { runScan } from './scan-run.ts';
import { ScanTally, type UnreadPath } from './scan-tally.ts';
import { findTree, type TreePlace } from './tree.ts';

/** A scan with what a pack needs besides: every entry, with the sha256 of every regular file. */
export interface FullScan {
  readonly scan: Scan;
  /** Where they are many they stand in a temporary file without a name, which `entries.close()` gives back. */
  readonly entries: EntryList;
  /** What could not be looked at or read, in order: no archive can hold it. */
  readonly unread: readonly UnreadPath[];
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
  const context = probeTree(place.real, prefixes, ruleOptions(options, place.logical));
  const entries = new EntrySpool();
  const tally = new ScanTally(place, context, isFull ? entries : null);
  try {
    const tree = await runScan(context, options, isFull ? 'all' : 'referring', tally);
    const scan = tally.result(tree, warnings, options.allowances ?? []);
    return { scan, entries, unread: tally.unread() };
  } catch (error) {
    entries.close();
    throw error;
  }
}
