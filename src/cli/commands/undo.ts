/** relocate undo: takes back the last fix. */
import { EXIT } from '../../model/errors.ts';
import { undoneText } from '../../reports/receipt-text.ts';
import { defineCommand, type Command } from '../command.ts';
import { TREE } from '../tree-options.ts';

export const command: Command = defineCommand({
  name: 'undo',
  summary: 'Put back what the last fix changed',
  about: [
    'Puts back every byte, mode, time, link and hard link as they were before the last `fix`; again, those before the one before. The tree may have been moved meanwhile.',
    'Where a file was changed again since, nothing is done; with `--force` it is put back all the same, and that change is lost.',
  ],
  readsOnly: false,
  usage: '<tree>',
  positionals: { tree: TREE },
  options: { force: { type: 'boolean', default: false, describe: 'Put back files that were changed since too' } },
  examples: [['relocate undo /srv/site', 'as before the last fix']],
  async run(args, session) {
    const { undo } = await import('../../index.ts');
    const undone = await session.withProgress('undoing', (onProgress) =>
      undo(args.tree, { ...session.running, force: args.force, onProgress }),
    );
    if (args.format === 'json') await session.printJson(undone);
    else await session.print(undoneText(undone, args.tree, session.terminal.style));
    return EXIT.done;
  },
});
