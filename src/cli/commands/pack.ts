/** relocate pack: a relocatable archive of a tree. */
import { EXIT, UsageError } from '../../model/errors.ts';
import { packText } from '../../reports/pack-text.ts';
import { BUNDLE_OPTIONS, withBundle } from '../bundle-options.ts';
import { defineCommand, REPEATABLE, type Command } from '../command.ts';
import { NATIVE_OPTIONS, nativeChoices, scanOptions, TREE, TREE_OPTIONS } from '../tree-options.ts';

export const command: Command = defineCommand({
  name: 'pack',
  summary: 'A relocatable archive; the tree is not touched',
  about: [
    'Writes a tar that any tar reads, with a manifest of all it holds. What can be relative is relative in it; what can’t is written by `install` at the destination. A host without Node installs it with `.relocate/install.sh` from the archive.',
    'The same tree gives the same bytes, whatever `--jobs`; another version of zstd or zlib (they come with Node) may give others. A path that can’t be read fails the pack, unless it is left out by `--exclude`.',
  ],
  readsOnly: false,
  usage: '<tree>',
  positionals: { tree: TREE },
  options: {
    output: {
      type: 'string',
      alias: 'o',
      demandOption: true,
      describe: 'The archive to write: site.tar.zst, site.tar.gz, or site.tar',
    },
    volatile: { ...REPEATABLE, describe: 'A glob of files that may change meanwhile (repeatable)' },
    name: { type: 'string', describe: 'The name of what is packed' },
    'version-label': { type: 'string', describe: 'Its version' },
    compression: {
      choices: ['zstd', 'gzip', 'none'],
      describe: 'By default what the name of the archive says, else zstd; hosts without Node need zstd for that',
    },
    level: { type: 'number', describe: '1 (fast) to 9 (small) for gzip, to 19 for zstd' },
    'preserve-owner': { type: 'boolean', default: false, describe: 'Keep owners; else all belongs to 0:0' },
    launcher: {
      choices: ['env-split', 'polyglot'],
      default: 'env-split',
      describe: 'How a script finds its interpreter: one line (needs env -S), or three lines of sh',
    },
    ...NATIVE_OPTIONS,
    unsafe: { type: 'boolean', default: false, describe: 'Change what is marked unsafe too' },
    ...BUNDLE_OPTIONS,
    ...TREE_OPTIONS,
  },
  examples: [
    ['relocate pack /srv/build/site -o site.tar.zst', 'to be installed anywhere'],
    ['relocate pack . -o ../site.tar.zst --exclude "var/**"', 'without the data'],
  ],
  async run(args, session) {
    const { packScan, readConfig, requireSettled, scanForPack } = await import('../../index.ts');
    await requireSettled(args.tree);
    const config = readConfig(args.tree, args.config);
    const options = {
      ...scanOptions(args, config),
      ...session.running,
      ...nativeChoices(args),
      launcher: args.launcher,
    };
    const writing = {
      ...session.running,
      output: args.output,
      volatile: [...config.volatile, ...(args.volatile ?? [])],
      preserveOwner: args['preserve-owner'],
      name: args.name ?? config.name ?? '',
      version: args['version-label'] ?? config.version ?? '',
      ...(args.compression === undefined ? {} : { compression: args.compression }),
      ...levelOf(args.level),
      ...sourceDate(),
    };
    const packed = await withBundle(args, options, async (bundled) => {
      const found = await session.withProgress('scanning', (onProgress) =>
        scanForPack(args.tree, { ...options, ...bundled, onProgress }),
      );
      const strategy = { unsafe: args.unsafe, allowances: config.allow };
      try {
        return await session.withProgress('packing', (onProgress) =>
          packScan(found, { ...writing, ...strategy, onProgress }),
        );
      } finally {
        found.close();
      }
    });
    if (args.format === 'json') await session.printJson(packed);
    else await session.print(packText(packed, session.terminal.style));
    return EXIT.done;
  },
});

function levelOf(level: number | undefined): { readonly level?: number } {
  if (level === undefined) return {};
  if (!Number.isInteger(level) || level < 1 || level > 19)
    throw new UsageError(`--level must be a whole number from 1 to 19, not '${level}'`);
  return { level };
}

/** reproducible-builds.org/specs/source-date-epoch */
function sourceDate(): { readonly sourceDateEpoch?: number } {
  const text = process.env['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') return {};
  if (!/^\d{1,12}$/.test(text)) throw new UsageError(`SOURCE_DATE_EPOCH must be seconds since 1970, not '${text}'`);
  return { sourceDateEpoch: Number(text) };
}
