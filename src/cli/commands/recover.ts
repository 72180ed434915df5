/** relocate recover: ends a run that was cut short. */
import { EXIT, RequirementError } from '../../model/errors.ts';
import type { InstallRecovery } from '../../model/install.ts';
import { recoveryText } from '../../reports/receipt-text.ts';
import { defineCommand, type Command } from '../command.ts';
import { TREE } from '../tree-options.ts';

export const command: Command = defineCommand({
  name: 'recover',
  summary: 'Finish or take back a run that was killed',
  about: [
    'A `fix`, `undo` or `install` that was killed leaves the means to end it. A run that had begun to change the tree is finished, one that had not is taken back; nothing is left over.',
  ],
  readsOnly: false,
  usage: '<tree>',
  positionals: { tree: TREE },
  options: { back: { type: 'boolean', default: false, describe: 'Take back a run that could be finished' } },
  examples: [['relocate recover /srv/site', 'after a crash']],
  async run(args, session) {
    const { recover, recoverInstall } = await import('../../index.ts');
    const installed = await recoverInstall(args.tree).catch(nothingToHold);
    const isInstall = installed.outcome !== 'nothing';
    const recovery = isInstall ? installed : await recover(args.tree, { back: args.back });
    if (args.format === 'json') await session.printJson(recovery);
    else await session.print(recoveryText(recovery, args.tree, session.terminal.style));
    return EXIT.done;
  },
});

/** Where even the folder above the tree is missing, there is no install to recover, and the tree itself will be missed. */
function nothingToHold(error: unknown): InstallRecovery {
  if (error instanceof RequirementError) return { version: 1, outcome: 'nothing' };
  throw error;
}
