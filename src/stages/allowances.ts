/** The `[[allow]]` tables of the configuration: references that are accepted as they are, each for a reason. */
import type { PlainReference } from '../model/reference.ts';
import type { Allowance } from '../model/scan.ts';
import { selectPaths } from './selection.ts';

/** Finds the allowance that accepts a reference; null where none does. */
export type Allowances = (reference: PlainReference) => Allowance | null;

/** Compiles allowances. `rule` is a code or a name, `files` a glob. */
export function compileAllowances(allowances: readonly Allowance[]): Allowances {
  const compiled = allowances.map((allowance) => ({ allowance, selects: selectPaths([allowance.files]) }));
  return (reference) =>
    compiled.find(({ allowance, selects }) => isOfRule(reference, allowance.rule) && selects(reference.file) !== null)
      ?.allowance ?? null;
}

/** Those that accept none of the references. */
export function unusedAllowances(allowances: readonly Allowance[], references: readonly PlainReference[]): Allowance[] {
  return allowances.filter((allowance) => {
    const allows = compileAllowances([allowance]);
    return !references.some((reference) => allows(reference) !== null);
  });
}

/** Whether a reference is of a rule, given by its code or its name. */
export function isOfRule({ code, rule }: Pick<PlainReference, 'code' | 'rule'>, named: string): boolean {
  return code === named || rule === named;
}
