/** The pages of the rules, as they come with the package. */
import { readFileSync } from 'node:fs';
import type { RuleCode } from '../model/codes.ts';
import { UsageError } from '../model/errors.ts';

/**
 * The page of a rule, in Markdown.
 * @throws UsageError where the package has none: it is not whole
 */
export function readRulePage(code: RuleCode): string {
  try {
    return readFileSync(new URL(`../../docs/rules/${code}.md`, import.meta.url), 'utf8');
  } catch {
    throw new UsageError(`the page of ${code} is missing from this copy of relocate; install it anew`);
  }
}
