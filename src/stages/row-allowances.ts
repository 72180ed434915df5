/** Applies the `[[allow]]` tables of the configuration to rows, file by file. */
import { RULE_NAMES } from '../model/codes.ts';
import type { TreePath } from '../model/path.ts';
import type { FileTally, ReferenceRow } from '../model/report.ts';
import type { Allowance } from '../model/scan.ts';
import { isOfRule } from './allowances.ts';
import { selectPaths } from './selection.ts';

export class RowAllowances {
  readonly #compiled;
  readonly #used = new Set<Allowance>();

  constructor(allowances: readonly Allowance[]) {
    this.#compiled = allowances.map((allowance) => ({ allowance, selects: selectPaths([allowance.files]) }));
  }

  /** What gives the rows of a file their allowances; null where none of them has one. */
  of(path: TreePath, { kinds }: FileTally): ((row: ReferenceRow) => ReferenceRow) | null {
    if (this.#compiled.length === 0) return null;
    const matching = this.#compiled.flatMap(({ allowance, selects }) => {
      const isNamed = kinds.some(({ code }) => isOfRule({ code, rule: RULE_NAMES[code] }, allowance.rule));
      return isNamed && selects(path) !== null ? [allowance] : [];
    });
    if (matching.length === 0) return null;
    // each of them is of a rule that is among the rows
    for (const allowance of matching) this.#used.add(allowance);
    return (row) => {
      const allowance = matching.find(({ rule }) => isOfRule(row, rule));
      return allowance === undefined ? row : { ...row, allowed: allowance.reason };
    };
  }

  /** Those that accept nothing. */
  unused(): Allowance[] {
    return this.#compiled.flatMap(({ allowance }) => (this.#used.has(allowance) ? [] : [allowance]));
  }
}
