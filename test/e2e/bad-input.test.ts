/** Bad input: one clear line on stderr, exit 2, and nothing changed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { relocate, runOk } from '../support/cli.ts';
import { temporaryFolder, writeTree } from '../support/folder.ts';
import { listing } from '../support/listing.ts';

interface Bad {
  readonly what: string;
  /** The words after `relocate`; `@` stands for the folder. */
  readonly args: readonly string[];
  readonly says: RegExp;
}

const CASES: readonly Bad[] = [
  { what: 'a missing tree', args: ['scan', '@/missing'], says: /there is no tree at .*\/missing: no such file/ },
  { what: 'a missing tree to fix', args: ['fix', '@/missing'], says: /there is no tree/ },
  { what: 'a file for a tree', args: ['fix', '@/site/etc/a.ini'], says: /is a file, not a folder/ },
  { what: 'a folder for an archive', args: ['install', '@/site', '@/new'], says: /site/ },
  { what: 'a missing archive', args: ['install', '@/missing.tar.gz', '@/new'], says: /missing\.tar\.gz/ },
  { what: 'an empty archive', args: ['install', '@/empty.tar.gz', '@/new'], says: /empty\.tar\.gz|archive/ },
  { what: 'noise for an archive', args: ['verify', '@/noise.tar.gz'], says: /noise\.tar\.gz|archive/ },
  { what: 'a wrong config key', args: ['scan', '@/wrong'], says: /relocate\.toml.*exclud.*exclude/s },
  { what: 'a config value of the wrong type', args: ['fix', '@/typed'], says: /relocate\.toml.*exclude/s },
  { what: 'an allowance without a reason', args: ['scan', '@/allowing'], says: /relocate\.toml.*reason/s },
  { what: 'an unknown rule', args: ['explain', 'RL999'], says: /RL999/ },
  { what: 'an unknown option', args: ['scan', '@/site', '--frobnicate'], says: /frobnicate/ },
  { what: 'a relative prefix', args: ['scan', '@/site', '--prefix', 'here'], says: /here/ },
  { what: 'a missing folder for an archive', args: ['pack', '@/site', '-o', '@/none/a.tar.gz'], says: /none/ },
  { what: 'a missing parent for a tree', args: ['install', '@/noise.tar.gz', '@/none/site'], says: /none/ },
  { what: 'nothing to undo', args: ['undo', '@/site'], says: /nothing to undo/ },
];

test.each(CASES)('$what', ({ args, says }) => {
  const folder = temporaryFolder();
  const site = join(folder, 'site');
  writeTree(folder, {
    'site/etc/a.ini': `root=${site}\n`,
    'wrong/relocate.toml': 'exclud = ["var/**"]\n',
    'typed/relocate.toml': 'exclude = "var"\n',
    'allowing/relocate.toml': '[[allow]]\nrule = "RL201"\nfiles = "etc/*"\n',
    'empty.tar.gz': '',
  });
  writeFileSync(join(folder, 'noise.tar.gz'), runOk('sh', ['-c', 'echo noise | sha512sum']));
  const before = listing(folder);
  const { status, stdout, stderr } = relocate(args.map((arg) => arg.replace('@', folder)));
  expect(stderr).toMatch(says);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(listing(folder)).toBe(before);
});
