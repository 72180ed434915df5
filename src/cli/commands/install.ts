/** relocate install: unpacks an archive at another place, all or nothing. */
import { EXIT } from '../../model/errors.ts';
import { installText } from '../../reports/install-text.ts';
import { defineCommand, REPEATABLE, type Command } from '../command.ts';
import { digestOption, SHA256 } from '../tree-options.ts';

export const command: Command = defineCommand({
  name: 'install',
  summary: 'Unpack an archive at another place, all or nothing',
  about: [
    'Checks the archive and the host first, unpacks beside the destination, writes the new place where a path stays absolute, checks every digest, and switches. Killed at any moment, the old tree or the new one is there; the same install again finishes it.',
    'Programs hold paths in slots of fixed size. Where the destination is longer than they have room for, `--via` gives a short path, in a folder that is there: it becomes a symlink to the tree, made in the same step, and slots name the tree by it. The link belongs to the tree: `verify` looks at it, and who removes the tree removes it too. With `--replace` a link that leads to another release is switched to the new one.',
    'With `--base` what is the same in another installed release is taken from there: copy-on-write where the file system can, else as a copy, never as a hard link. Each is held against the digest that the archive says; a file that was changed there comes from the archive.',
    'The same archive at the same place again is nothing to do.',
  ],
  readsOnly: false,
  usage: '<archive> <dest>',
  positionals: {
    archive: { type: 'string', demandOption: true, describe: 'What pack wrote' },
    dest: { type: 'string', demandOption: true, describe: 'The folder to install into, which is not there yet' },
  },
  options: {
    replace: { type: 'boolean', default: false, describe: 'Replace what is at the destination' },
    python: {
      ...REPEATABLE,
      describe: 'A Python for the virtualenvs in it, instead of the one of the build (repeatable)',
    },
    via: {
      type: 'string',
      describe: 'A short path that becomes a link to the tree, for what has no room for the destination',
    },
    base: {
      type: 'string',
      describe: 'An installed release whose files are used again where they are the same',
    },
    sha256: SHA256,
    'allow-special': {
      type: 'boolean',
      default: false,
      describe: 'Make setuid programs, capabilities and devices too',
    },
    'ignore-requirements': {
      type: 'boolean',
      default: false,
      describe: 'Install though the programs in it can’t run on this host: for another one',
    },
  },
  examples: [
    ['relocate install site.tar.gz /srv/site', 'a new tree'],
    ['relocate install site.tar.gz /srv/site --replace', 'in place of the old one'],
    ['relocate install site.tar.gz /srv/site-2 --base /srv/site-1', 'with the files that did not change'],
    ['relocate install site.tar.gz /a/long/way/down --via /o/site', 'where programs have no room for a long path'],
    ['relocate install site.tar.gz /srv/site --python /usr/bin/python3.11', 'on another Python'],
  ],
  async run(args, session) {
    const { install } = await import('../../index.ts');
    const installed = await session.withProgress('installing', (onProgress) =>
      install(args.archive, args.dest, {
        ...session.running,
        replace: args.replace,
        ...(args.via === undefined ? {} : { via: args.via }),
        ...(args.base === undefined ? {} : { base: args.base }),
        pythons: args.python ?? [],
        allowSpecial: args['allow-special'],
        ignoreRequirements: args['ignore-requirements'],
        ...(args.sha256 === undefined ? {} : { digest: digestOption('--sha256', args.sha256) }),
        onProgress,
      }),
    );
    if (args.format === 'json') await session.printJson(installed);
    else await session.print(installText(installed, session.terminal.style));
    return EXIT.done;
  },
});
