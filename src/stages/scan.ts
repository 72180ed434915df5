/** scan: what ties a tree to its place. Walks it once, reads every file once, writes nothing. */
import { probeTree } from '../io/tree-probe.ts';
import type { Scan } from '../model/scan.ts';
import { bundlePrefixes, withBundle } from './bundled-scan.ts';
import { discoverPrefixes, type Prefixes } from './prefixes.ts';
import { ruleOptions, type ScanOptions } from './scan-options.ts';
import { runScan } from './scan-run.ts';
import { ScanTally } from './scan-tally.ts';
import { findTree, type TreePlace } from './tree.ts';

/**
 * Scans a tree.
 * @throws UsageError where there is no tree, or an option is wrong; the signal's reason where it is aborted
 * @example const { references } = await scan('/srv/build/site');
 */
export async function scan(tree: string, options: ScanOptions = {}): Promise<Scan> {
  const place = findTree(tree);
  const found = await discoverPrefixes(tree, options);
  const own = await scanPlace(place, found, options);
  if (options.bundle === undefined) return own;
  const { exclude: _, excludeDebris: _d, allowances: _a, ...others } = options;
  const staged = { logical: options.bundle.staging, real: options.bundle.staging };
  const prefixes = bundlePrefixes(options.bundle, found.prefixes);
  return withBundle(own, await scanPlace(staged, { prefixes, warnings: [] }, others), options.bundle);
}

async function scanPlace(place: TreePlace, { prefixes, warnings }: Prefixes, options: ScanOptions): Promise<Scan> {
  const context = probeTree(place.real, prefixes, ruleOptions(options, place.logical));
  const tally = new ScanTally(place, context, null);
  const tree = await runScan(context, options, 'referring', tally);
  return tally.result(tree, warnings, options.allowances ?? []);
}
