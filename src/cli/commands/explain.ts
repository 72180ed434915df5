/** relocate explain: the page of a rule. */
import { isRuleCode, RULE_NAMES, type RuleCode } from '../../model/codes.ts';
import { EXIT, UsageError } from '../../model/errors.ts';
import { nearest } from '../../model/nearest.ts';
import { pageText } from '../../reports/page-text.ts';
import { rulesText } from '../../reports/rules-text.ts';
import { defineCommand, type Command } from '../command.ts';

export const command: Command = defineCommand({
  name: 'explain',
  summary: 'The page of a rule; without a rule, all of them in a line each',
  about: ['Prints what a rule finds, why it breaks, what relocate does about it and what it leaves.'],
  readsOnly: true,
  usage: '[rule]',
  positionals: { rule: { type: 'string', describe: 'Its code (RL101) or its name (absolute-shebang)' } },
  options: {},
  examples: [
    ['relocate explain RL405', 'by code'],
    ['relocate explain absolute-shebang', 'by name'],
  ],
  async run(args, session) {
    const { readRulePage, RULES } = await import('../../index.ts');
    const summaries = new Map(RULES.map(({ code, summary }) => [code, summary]));
    if (args.rule !== undefined) {
      const code = codeOf(args.rule);
      const page = readRulePage(code);
      if (args.format === 'json')
        await session.printJson({ code, rule: RULE_NAMES[code], summary: summaries.get(code) ?? '', page });
      else await session.print(pageText(page, session.terminal.style.paint));
      return EXIT.done;
    }
    const rules = [...summaries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, summary]) => ({ code, rule: RULE_NAMES[code], summary }));
    if (args.format === 'json') await session.printJson(rules);
    else await session.print(rulesText(rules, session.terminal.style));
    return EXIT.done;
  },
});

function codeOf(word: string): RuleCode {
  const code = word.toUpperCase();
  if (isRuleCode(code)) return code;
  const codes = Object.keys(RULE_NAMES).filter(isRuleCode);
  const named = codes.find((known) => RULE_NAMES[known] === word.toLowerCase());
  if (named !== undefined) return named;
  const near = nearest(word, [...codes, ...Object.values(RULE_NAMES)]);
  throw new UsageError(
    `no rule '${word}'; ${near === null ? "'relocate explain' lists them" : `did you mean '${near}'?`}`,
  );
}
