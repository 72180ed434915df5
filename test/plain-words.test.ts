/** A command line that is read without yargs gives what yargs makes of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { command as scan } from '../src/cli/commands/scan.ts';
import { parse } from '../src/cli/parser.ts';
import { plainArguments } from '../src/cli/plain-words.ts';
import { usually } from './support/depth.ts';

/** What yargs makes of the words; null where it finds a mistake, or is asked for help. */
async function parsed(words: readonly string[]): Promise<Record<string, unknown> | null> {
  const chosen = await parse(['scan', ...words]).catch(() => null);
  if (chosen === null || typeof chosen === 'string') return null;
  const { _: __, $0: ___, ...args } = chosen.args;
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}

test.each([
  [['/srv/site']],
  [['.', '--format', 'json']],
  [['--cache', '/srv/site', '--format', 'ndjson', '--jobs', '2']],
  [['/srv/site', '--prefix', '/a', '--prefix', '/b', '--exclude', '*.log', '--by', 'rule', '--all', '--quiet']],
  [['/srv/site', '--config', './relocate.toml', '--no-color', '--no-progress', '--force']],
])('plain words: %j', async (words) => {
  expect(plainArguments(scan, words)).toEqual(await parsed(words));
});

const names = [...Object.keys(scan.options), 'quiet', 'jobs', 'config', 'no-color', 'no-progress'];
const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names.map((name) => `--${name}`)) },
  { weight: 3, arbitrary: fc.constantFrom('json', 'text', 'rule', '/srv/site', '.', '2', '0', 'true', 'false', '1e3') },
  fc.constantFrom(
    '',
    '-',
    '--',
    '-q',
    '--help',
    '--version',
    '--no-such',
    '--jobs=2',
    '--no-quiet',
    '"a"',
    "'",
    '0x1f',
  ),
  fc.string({ maxLength: 4 }),
);

test('whatever the words, yargs says the same or is asked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (words) => {
      const plain = plainArguments(scan, words);
      if (plain !== null) expect(plain).toEqual(await parsed(words));
    }),
    { numRuns: usually(400, 20_000) },
  );
});
