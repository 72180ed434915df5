/** report: what ties a tree to its place, for people and programs to read: the same scan, with memory that does not grow with the tree. */
import { probeTree } from '../io/tree-probe.ts';
import type { ScanReport } from '../model/report.ts';
import { discoverPrefixes } from './prefixes.ts';
import { ReportTally } from './report-tally.ts';
import { ruleOptions, type ScanOptions } from './scan-options.ts';
import { runScan } from './scan-run.ts';
import { findTree } from './tree.ts';

/**
 * Scans a tree and keeps the rows of its references, not the references: enough for a report, not for a plan. Nothing is hashed. What
 * does not fit in a few MB is in a temporary file without a name until `close`.
 * @throws UsageError where there is no tree, or an option is wrong; the signal's reason where it is aborted
 */
export async function report(tree: string, options: Omit<ScanOptions, 'bundle'> = {}): Promise<ScanReport> {
  const place = findTree(tree);
  const { prefixes, warnings } = await discoverPrefixes(tree, options);
  const context = probeTree(place.real, prefixes, ruleOptions(options, place.logical));
  const tally = new ReportTally(context, options.allowances ?? []);
  try {
    const found = tally.result(await runScan(context, options, 'none', tally));
    return { version: 1, tree: place.logical, prefixes, warnings, ...found };
  } catch (error) {
    tally.close();
    throw error;
  }
}
