/** All rules in a line each. */
import { RULE_NAMES, type RuleCode } from '../model/codes.ts';
import type { Style } from './style.ts';
import { wrap } from './words.ts';

export interface RuleSummary {
  readonly code: RuleCode;
  readonly summary: string;
}

/** The list, by code. */
export function* rulesText(rules: readonly RuleSummary[], { paint, columns }: Style): Generator<string> {
  const width = Math.max(...Object.values(RULE_NAMES).map((name) => name.length));
  const indent = width + 9;
  for (const { code, summary } of rules) {
    const [first = '', ...rest] = wrap(summary, Math.max(30, columns - indent));
    yield `${paint('code', code)}  ${RULE_NAMES[code].padEnd(width)}  ${first}`;
    for (const line of rest) yield ' '.repeat(indent) + line;
  }
}
