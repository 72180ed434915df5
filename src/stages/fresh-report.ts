/** The report of a tree that is scanned anew. */
import { probeTree } from '../io/tree-probe.ts';
import type { ScanReport } from '../model/report.ts';
import { discoverPrefixes } from './prefixes.ts';
import { ReportTally } from './report-tally.ts';
import { ruleOptions, type ReportOptions } from './scan-options.ts';
import { runScan } from './scan-run.ts';
import { findTree } from './tree.ts';

/** What `report` of stages/report.ts says. */
export async function freshReport(tree: string, options: ReportOptions = {}): Promise<ScanReport> {
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
