/** How many references of a scan come to what, by its tallies alone. */
import type { RuleCode } from '../model/codes.ts';
import type { Outcome } from '../model/outcome.ts';
import type { ScanReport } from '../model/report.ts';

export interface ScanCounts {
  readonly files: number;
  readonly references: number;
  readonly byWord: ReadonlyMap<Outcome, number>;
  /** The rules of what is blocked or to be done by hand, by code. */
  readonly stuck: readonly RuleCode[];
}

export function countsOf(report: ScanReport): ScanCounts {
  const byWord = new Map<Outcome, number>();
  const stuck = new Set<RuleCode>();
  let [files, references] = [0, 0];
  for (const { tally } of report.files()) {
    files++;
    for (const { code, word, count } of tally.kinds) {
      references += count;
      byWord.set(word, (byWord.get(word) ?? 0) + count);
      if (word === 'blocked' || word === 'manual') stuck.add(code);
    }
  }
  return { files, references, byWord, stuck: [...stuck].sort() };
}
