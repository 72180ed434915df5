/** relocate fix: makes a tree movable, in place. */
import { EXIT, UsageError, type ExitCode } from '../../model/errors.ts';
import { IS_FAILURE } from '../../model/outcome.ts';
import type { Plan } from '../../model/plan.ts';
import { patchOf } from '../../reports/patch.ts';
import { planJson, refusalJson } from '../../reports/plan-json.ts';
import { planText } from '../../reports/plan-text.ts';
import { receiptText } from '../../reports/receipt-text.ts';
import { defineCommand, REPEATABLE, type Command } from '../command.ts';
import { checkTerms, placeOption, scanOptions, TREE, TREE_OPTIONS } from '../tree-options.ts';

export const command: Command = defineCommand({
  name: 'fix',
  summary: 'Make a tree movable, in place',
  about: [
    'Makes every reference relative that can be, writes the tree’s present place into those that can’t (so that a tree that was moved and broke is repaired), and reports what is left, each with its reason.',
    'Everything is kept in a journal in `.relocate/` of the tree: `relocate undo` puts it back. A second `fix` changes nothing.',
  ],
  usage: '<tree>',
  positionals: { tree: TREE },
  options: {
    'dry-run': { type: 'boolean', default: false, describe: 'Print the plan and change nothing' },
    diff: { type: 'boolean', default: false, describe: 'Print the plan as a unified diff and change nothing' },
    to: { type: 'string', describe: 'Write this place, instead of the present one, where a path stays absolute' },
    from: { ...REPEATABLE, describe: 'A place where the tree once was (repeatable); the same as --prefix' },
    template: { type: 'boolean', default: false, describe: 'Write a placeholder where a path stays absolute' },
    only: { ...REPEATABLE, describe: 'Change only this: a code, a rule’s name or a glob of files (repeatable)' },
    except: { ...REPEATABLE, describe: 'Leave this as it is: a code, a rule’s name or a glob of files (repeatable)' },
    unsafe: { type: 'boolean', default: false, describe: 'Change what is marked unsafe too' },
    launcher: {
      choices: ['env-split', 'polyglot'],
      default: 'env-split',
      describe: 'How a script finds its interpreter: one line (needs env -S), or three lines of sh',
    },
    all: { type: 'boolean', default: false, describe: 'List everything and fold nothing' },
    ...TREE_OPTIONS,
  },
  examples: [
    ['relocate fix .', 'make the tree here movable, or repair it after a move'],
    ['relocate fix /srv/site --diff', 'see every line first'],
    ['relocate fix /srv/site --only RL101 --except "old/**"', 'shebangs alone'],
  ],
  async run(args, session) {
    if (args.to !== undefined && args.template)
      throw new UsageError('--to writes a place and --template a placeholder: give one of them');
    const { apply, plan, preview, readConfig, requireSettled, scan } = await import('../../index.ts');
    await requireSettled(args.tree);
    const config = readConfig(args.tree, args.config);
    const to = args.to === undefined ? {} : { to: placeOption('--to', args.to) };
    const strategy = {
      ...(args.template ? { to: 'placeholder' as const } : to),
      only: checkTerms('--only', args.only ?? []),
      except: checkTerms('--except', args.except ?? []),
      unsafe: args.unsafe,
      allowances: config.allow,
    };
    const options = scanOptions({ ...args, prefix: [...(args.prefix ?? []), ...(args.from ?? [])] }, config);
    const found = await session.withProgress('scanning', (onProgress) =>
      scan(args.tree, { ...options, ...session.running, launcher: args.launcher, onProgress }),
    );
    const planned = plan(found, strategy);
    const style = { ...session.terminal.style, all: args.all };
    if (args.diff) {
      for (const file of preview(planned)) await session.printBytes(patchOf(file, style.paint));
      return answer(planned);
    }
    if (args['dry-run']) {
      if (args.format === 'json') await session.printPieces(planJson(planned));
      else await session.print(planText(planned, style));
      return answer(planned);
    }
    const receipt = await session.withProgress('fixing', (onProgress) =>
      apply(planned, { ...session.running, onProgress }),
    );
    if (args.format === 'json') await session.printJson({ ...receipt, refusals: planned.refusals.map(refusalJson) });
    else await session.print(receiptText(receipt, planned, style));
    return answer(planned);
  },
});

/** The answer is no where something that should have changed could not. */
function answer(plan: Plan): ExitCode {
  return plan.refusals.some(({ reason }) => IS_FAILURE[reason]) ? EXIT.no : EXIT.done;
}
