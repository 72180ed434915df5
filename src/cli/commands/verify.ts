/** relocate verify: proves that a tree or an archive is in order. */
import { EXIT, UsageError } from '../../model/errors.ts';
import { verdictText } from '../../reports/verdict-text.ts';
import { defineCommand, REPEATABLE, type Command } from '../command.ts';
import { digestOption, placeOption, SHA256 } from '../tree-options.ts';

export const command: Command = defineCommand({
  name: 'verify',
  summary: 'Prove that a tree or an archive is in order',
  about: [
    'An archive: everything in it is as its manifest says, and no place of the build is left that the manifest does not tell of. An installed tree: the same, on disk. With `--run` the programs of the tree are run too, with the old place hidden.',
    '`--run`, `--hide` and `--ignore` are for a tree, `--sha256` is for an archive.',
  ],
  readsOnly: true,
  usage: '<target>',
  positionals: { target: { type: 'string', demandOption: true, describe: 'A tree that was installed, or an archive' } },
  options: {
    run: { type: 'boolean', default: false, describe: 'Run the programs of the tree, with its former places hidden' },
    hide: { ...REPEATABLE, describe: 'A further place to hide while programs run (repeatable)' },
    ignore: { ...REPEATABLE, describe: 'A glob of paths of the tree that may be anything (repeatable)' },
    sha256: SHA256,
    all: { type: 'boolean', default: false, describe: 'List every difference' },
  },
  examples: [
    ['relocate verify site.tar.gz', 'before it is sent'],
    ['relocate verify /srv/site --run', 'after it is installed'],
  ],
  async run(args, session) {
    const { verify } = await import('../../index.ts');
    const hide = (args.hide ?? []).map((place) => placeOption('--hide', place));
    if (hide.length > 0 && !args.run)
      throw new UsageError('--hide is for programs that run: without --run nothing would be hidden');
    const verdict = await session.withProgress('verifying', (onProgress) =>
      verify(args.target, {
        ...session.running,
        run: args.run,
        hide,
        ignore: args.ignore ?? [],
        ...(args.sha256 === undefined ? {} : { digest: digestOption('--sha256', args.sha256) }),
        onProgress,
      }),
    );
    if (args.format === 'json') await session.printJson(verdict);
    else await session.print(verdictText(verdict, { ...session.terminal.style, all: args.all }));
    return verdict.ok ? EXIT.done : EXIT.no;
  },
});
