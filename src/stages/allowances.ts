/** The `[[allow]]` tables of the configuration: references that are accepted as they are, each for a reason. */
import type { Reference } from '../model/reference.ts';
import type { Allowance } from '../model/scan.ts';
import { selectPaths } from './selection.ts';

/** Finds the allowance that accepts a reference; null where none does. */
export type Allowances = (reference: Reference) => Allowance | null;

/** Compiles allowances. `rule` is a code or a name, `files` a glob. */
export function compileAllowances(allowances: readonly Allowance[]): Allowances {
  const compiled = allowances.map((allowance) => ({ allowance, selects: selectPaths([allowance.files]) }));
  return (reference) =>
    compiled.find(({ allowance, selects }) => isRule(reference, allowance.rule) && selects(reference.file) !== null)
      ?.allowance ?? null;
}

/** Those that accept none of the references. */
export function unusedAllowances(allowances: readonly Allowance[], references: readonly Reference[]): Allowance[] {
  return allowances.filter((allowance) => {
    const allows = compileAllowances([allowance]);
    return !references.some((reference) => allows(reference) !== null);
  });
}

function isRule(reference: Reference, rule: string): boolean {
  return reference.code === rule || reference.rule === rule;
}
