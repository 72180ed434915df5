/** relocate scan: what ties a tree to its place. */
import { EXIT } from '../../model/errors.ts';
import { scanJson, scanNdjson } from '../../reports/scan-json.ts';
import { scanText } from '../../reports/scan-text.ts';
import { defineCommand, type Command } from '../command.ts';
import { scanOptions, TREE, TREE_OPTIONS } from '../tree-options.ts';

export const command: Command = defineCommand({
  name: 'scan',
  summary: 'What ties a tree to its place',
  about: [
    'Reads every file of the tree and lists each place where the tree holds its own path, in any encoding. Nothing is written.',
    'The prefixes to look for are found out: the path of the tree, its real path, and what the tree remembers of where it was built.',
  ],
  readsOnly: true,
  usage: '<tree>',
  positionals: { tree: TREE },
  options: {
    format: { choices: ['text', 'json', 'ndjson'], default: 'text', describe: 'How to print the result' },
    by: { choices: ['file', 'rule'], default: 'file', describe: 'How to group the text' },
    all: { type: 'boolean', default: false, describe: 'List everything, harmless ones too, and fold nothing' },
    ...TREE_OPTIONS,
  },
  examples: [
    ['relocate scan .', 'what ties the tree here to its place'],
    ['relocate scan /srv/site --by rule --all', 'every single one, by rule'],
    ['relocate scan /srv/site --format json', 'for other programs'],
  ],
  async run(args, session) {
    const { keepHeapSmall, readConfig, report, requireSettled } = await import('../../scanning.ts');
    keepHeapSmall();
    await requireSettled(args.tree);
    const config = readConfig(args.tree, args.config);
    const found = await session.withProgress('scanning', (onProgress) =>
      report(args.tree, { ...scanOptions(args, config), ...session.running, onProgress }),
    );
    try {
      if (args.format === 'json') await session.printPieces(scanJson(found));
      else if (args.format === 'ndjson') await session.printPieces(scanNdjson(found));
      else await session.print(scanText(found, { ...session.terminal.style, by: args.by, all: args.all }));
    } finally {
      found.close();
    }
    return found.hasFindings ? EXIT.no : EXIT.done;
  },
});
