/** report: what ties a tree to its place, for people and programs to read: the same scan, with memory that does not grow with the tree. */
import type { ScanReport } from '../model/report.ts';
import type { ReportOptions } from './scan-options.ts';

/**
 * Scans a tree and keeps the rows of its references, not the references: enough for a report, not for a plan. Nothing is hashed. What
 * does not fit in a few MB is in a temporary file without a name until `close`.
 * @throws UsageError where there is no tree, or an option is wrong; the signal's reason where it is aborted
 */
export async function report(tree: string, options: ReportOptions = {}): Promise<ScanReport> {
  // what scans takes longer to load than a report that is kept takes to say again
  if (options.cache === true) return (await import('./cached-report.ts')).cachedReport(tree, options);
  return (await import('./fresh-report.ts')).freshReport(tree, options);
}
