/** relocate fix: makes a tree movable, in place. */
import { EXIT, UsageError, type ExitCode } from '../../model/errors.ts';
import { IS_FAILURE } from '../../model/outcome.ts';
import type { AbsolutePath } from '../../model/path.ts';
import type { Plan } from '../../model/plan.ts';
import { planJson, refusalJson } from '../../reports/plan-json.ts';
import { bundleComments } from '../../reports/bundle-text.ts';
import { planText } from '../../reports/plan-text.ts';
import { receiptText } from '../../reports/receipt-text.ts';
import { BUNDLE_OPTIONS, withBundle } from '../bundle-options.ts';
import { defineCommand, REPEATABLE, type Command } from '../command.ts';
import type { Session } from '../session.ts';
import {
  checkTerms,
  NATIVE_OPTIONS,
  nativeChoices,
  placeOption,
  scanOptions,
  TREE,
  TREE_OPTIONS,
} from '../tree-options.ts';

export const command: Command = defineCommand({
  name: 'fix',
  summary: 'Make a tree movable, in place',
  about: [
    'Makes every reference relative that can be, writes the tree’s present place into those that can’t (so that a tree that was moved and broke is repaired), and reports what is left, each with its reason.',
    'Everything is kept in a journal in `.relocate/` of the tree: `relocate undo` puts it back. A second `fix` changes nothing.',
  ],
  readsOnly: false,
  usage: '<tree>',
  positionals: { tree: TREE },
  options: {
    'dry-run': { type: 'boolean', default: false, describe: 'Print the plan and change nothing' },
    diff: { type: 'boolean', default: false, describe: 'Print the plan as a unified diff and change nothing' },
    to: { type: 'string', describe: 'Write this place, instead of the present one, where a path stays absolute' },
    via: {
      type: 'string',
      describe: 'A short link to the tree, which is there already, for what has no room for its place',
    },
    from: { ...REPEATABLE, describe: 'A place where the tree once was (repeatable); the same as --prefix' },
    repack: { type: 'boolean', default: false, describe: 'Write into text in zip archives (wheels, eggs, jars) too' },
    template: { type: 'boolean', default: false, describe: 'Write a placeholder where a path stays absolute' },
    only: { ...REPEATABLE, describe: 'Change only this: a code, a rule’s name or a glob of files (repeatable)' },
    except: { ...REPEATABLE, describe: 'Leave this as it is: a code, a rule’s name or a glob of files (repeatable)' },
    unsafe: { type: 'boolean', default: false, describe: 'Change what is marked unsafe too' },
    launcher: {
      choices: ['env-split', 'polyglot'],
      default: 'env-split',
      describe: 'How a script finds its interpreter: one line (needs env -S), or three lines of sh',
    },
    ...NATIVE_OPTIONS,
    ...BUNDLE_OPTIONS,
    all: { type: 'boolean', default: false, describe: 'List everything and fold nothing' },
    ...TREE_OPTIONS,
  },
  examples: [
    ['relocate fix .', 'make the tree here movable, or repair it after a move'],
    ['relocate fix /srv/site --diff', 'see every line first'],
    ['relocate fix /srv/site --only RL101 --except "old/**"', 'shebangs alone'],
  ],
  async run(args, session) {
    const { plan, readConfig, requireSettled, requireVia, scan } = await import('../../index.ts');
    if (args.diff && args.format === 'json')
      throw new UsageError('--diff prints a patch; the plan as JSON is --dry-run --format json');
    await requireSettled(args.tree);
    const config = readConfig(args.tree, args.config);
    const via = args.via === undefined ? {} : { via: requireVia(args.tree, args.via) };
    const strategy = { ...placeOf(args), ...via, ...termsOf(args), unsafe: args.unsafe, allowances: config.allow };
    const from = (args.from ?? []).map((path) => placeOption('--from', path));
    const options = scanOptions({ ...args, prefix: [...(args.prefix ?? []), ...from] }, config);
    return withBundle(args, { ...options, ...session.running }, async (bundled) => {
      const found = await session.withProgress('scanning', (onProgress) =>
        scan(args.tree, {
          ...options,
          ...session.running,
          ...nativeChoices(args),
          ...bundled,
          launcher: args.launcher,
          repack: repackOf(args),
          onProgress,
        }),
      );
      return carryOut(plan(found, strategy), args, session);
    });
  },
});

interface Choices {
  readonly diff: boolean;
  readonly 'dry-run': boolean;
  readonly all: boolean;
  readonly format: 'text' | 'json';
}

/** Shows a plan, or carries it out and tells what was done. */
async function carryOut(planned: Plan, args: Choices, session: Session): Promise<ExitCode> {
  const { apply } = await import('../../index.ts');
  const answer = planned.refusals.some(({ reason }) => IS_FAILURE[reason]) ? EXIT.no : EXIT.done;
  const style = { ...session.terminal.style, all: args.all };
  if (args.diff) await printDiff(planned, session);
  else if (args['dry-run'] && args.format === 'json') await session.printPieces(planJson(planned));
  else if (args['dry-run']) await session.print(planText(planned, style));
  if (args.diff || args['dry-run']) return answer;
  const receipt = await session.withProgress('fixing', (onProgress) =>
    apply(planned, { ...session.running, onProgress }),
  );
  if (args.format === 'json') await session.printJson({ ...receipt, refusals: planned.refusals.map(refusalJson) });
  else await session.print(receiptText(receipt, planned, style));
  return answer;
}

async function printDiff(plan: Plan, session: Session): Promise<void> {
  const { preview } = await import('../../index.ts');
  const { patchOf } = await import('../../reports/patch.ts');
  for (const line of bundleComments(plan)) await session.print([line]);
  for (const file of preview(plan)) await session.printBytes(patchOf(file, session.terminal.style.paint));
}

function placeOf({ to, template }: { readonly to: string | undefined; readonly template: boolean }): {
  readonly to?: AbsolutePath | 'placeholder';
} {
  if (to !== undefined && template)
    throw new UsageError('--to writes a place and --template a placeholder: give one of them');
  if (template) return { to: 'placeholder' };
  return to === undefined ? {} : { to: placeOption('--to', to) };
}

/** The place that is written into archives: the one asked for, or where the tree stands. */
function repackOf({
  repack,
  to,
  template,
}: {
  readonly repack: boolean;
  readonly to: string | undefined;
  readonly template: boolean;
}): AbsolutePath | boolean {
  if (repack && template)
    throw new UsageError('--repack writes a place into archives, which hold no placeholder: leave out --template');
  return repack && to !== undefined ? placeOption('--to', to) : repack;
}

function termsOf({ only, except }: { readonly only: string[] | undefined; readonly except: string[] | undefined }): {
  readonly only: readonly string[];
  readonly except: readonly string[];
} {
  return { only: checkTerms('--only', only ?? []), except: checkTerms('--except', except ?? []) };
}
