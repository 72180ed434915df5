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
    'With --cache (or `cache = true` in relocate.toml) it keeps what it finds in $XDG_CACHE_HOME/relocate, else ~/.cache/relocate. The next scan of the tree looks at names and times only, and says the same again where nothing has changed; else it reads what has changed, and every file in which something was found. Files count as unchanged by device, inode, mode, size and both times, so the tree must lie on a file system of this host (ext4, XFS, Btrfs, ZFS, F2FS, tmpfs, overlay), and what was written in the two seconds before a scan is looked at anew. `fix`, `pack` and `verify` never use what was kept.',
    'The prefixes to look for are found out: the path of the tree, its real path, and what the tree remembers of where it was built.',
  ],
  readsOnly: true,
  usage: '<tree>',
  positionals: { tree: TREE },
  options: {
    format: { choices: ['text', 'json', 'ndjson'], default: 'text', describe: 'How to print the result' },
    by: { choices: ['file', 'rule'], default: 'file', describe: 'How to group the text' },
    cache: {
      type: 'boolean',
      default: false,
      describe: 'Keep what is found, outside of the tree, and read only what has changed since',
    },
    'no-cache': {
      type: 'boolean',
      default: false,
      describe: 'Read everything, though relocate.toml says `cache = true`',
    },
    all: { type: 'boolean', default: false, describe: 'List everything, harmless ones too, and fold nothing' },
    ...TREE_OPTIONS,
  },
  examples: [
    ['relocate scan .', 'what ties the tree here to its place'],
    ['relocate scan /srv/site --by rule --all', 'every single one, by rule'],
    ['relocate scan /srv/site --format json', 'for other programs'],
    ['relocate scan /srv/site --cache', 'a walk is enough, the second time'],
  ],
  async run(args, session) {
    const { readConfig, report, requireSettled } = await import('../../scanning.ts');
    await requireSettled(args.tree);
    const config = readConfig(args.tree, args.config);
    const troubles: string[] = [];
    const onCacheTrouble = (sentence: string): void => void troubles.push(sentence);
    const cache = (args.cache || config.cache) && !args['no-cache'];
    const found = await session.withProgress('scanning', (onProgress) =>
      report(args.tree, { ...scanOptions(args, config), ...session.running, onProgress, cache, onCacheTrouble }),
    );
    for (const sentence of troubles) session.warn(sentence);
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
