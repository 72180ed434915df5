/** Sums up rows by their tallies, as they come. */
import { isTie } from '../model/outcome.ts';
import type { RuleCode } from '../model/codes.ts';
import type { TreePath } from '../model/path.ts';
import type { Fix } from '../model/reference.ts';
import type { FileTally } from '../model/report.ts';
import type { ScanSummary } from '../model/scan.ts';
import { isByteCode } from '../rules/dependents.ts';
import { sortedKeys, type Counts } from './scan-summary.ts';

export class RowSummary {
  hasFindings = false;
  #references = 0;
  readonly #byCode: Partial<Record<RuleCode, number>> = {};
  readonly #byFix: Record<Fix, number> = { relative: 0, pinned: 0, blocked: 0, none: 0 };
  #room = Infinity;
  /** Byte code with less room, which may go when its source changes. */
  readonly #tighter = new Map<TreePath, number>();

  add(file: TreePath, { kinds, room }: FileTally): void {
    for (const { code, fix, word, count } of kinds) {
      this.#references += count;
      this.#byCode[code] = (this.#byCode[code] ?? 0) + count;
      this.#byFix[fix] += count;
      this.hasFindings ||= isTie(word);
    }
    if (room === null || room >= this.#room) return;
    if (isByteCode(file)) this.#tighter.set(file, room);
    else this.#room = room;
  }

  /** `compiled`: byte code that goes when its source changes, so it limits nothing. */
  result(counts: Counts, compiled: ReadonlySet<TreePath>): ScanSummary {
    let least = this.#room;
    for (const [file, room] of this.#tighter) if (room < least && !compiled.has(file)) least = room;
    return {
      ...counts,
      references: this.#references,
      byCode: sortedKeys(this.#byCode),
      byFix: this.#byFix,
      maxPrefixBytes: least === Infinity ? null : least,
    };
  }
}
