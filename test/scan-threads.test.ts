/** Threads share the files of a tree and the ranges of large ones: the answer is the same for any number of them. */
import { linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { report } from '../src/stages/report.ts';
import { scan } from '../src/stages/scan.ts';
import { relocateOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { rowsOf } from './support/report.ts';

const MEGA = 1024 * 1024;
/** More than the calling thread does before it starts others. */
const SMALL = 1800;
let site: string;
let places: number[];

interface Found {
  readonly summary: { readonly files: number; readonly bytes: number };
  readonly references: readonly { readonly file: string; readonly site: { readonly start: number } }[];
}

function found(jobs: number): Found {
  return JSON.parse(relocateOk(['scan', site, '--format', 'json', '--jobs', String(jobs)], [1])) as Found;
}

beforeEach(() => {
  site = join(temporaryFolder(), 'site');
  const small = Array.from({ length: SMALL }, (_, i) => [
    `etc/${i % 7}/${i}.conf`,
    i % 9 === 0 ? `x=${site}\n` : 'x\n',
  ]);
  writeTree(site, { ...Object.fromEntries(small), 'lib/deep/x': '', 'plugins/x': '' });
  const large = Buffer.alloc(9 * MEGA, 'abcdefgh ijklmn\n');
  // around the ends of ranges (4 MiB) and of what is read at a time
  places = [0, 4 * MEGA - site.length + 1, 4 * MEGA + 5000, 8 * MEGA, 9 * MEGA - site.length];
  for (const place of places) {
    large.write(site, place, 'latin1');
    if (place + site.length < large.length) large.write('\n', place + site.length, 'latin1');
    if (place > 0) large.write('\n', place - 1, 'latin1');
  }
  writeFileSync(join(site, 'z.log'), large);
  linkSync(join(site, 'z.log'), join(site, 'a.log'));
  const library = Buffer.alloc(5 * MEGA, 1);
  library.write(`\0${site}/lib\0`, 4 * MEGA + 100, 'latin1');
  writeFileSync(join(site, 'lib/deep/libx.so'), library);
  symlinkSync('../lib/deep/libx.so', join(site, 'plugins/libx.so'));
});

test('the same answer for any number of threads', () => {
  const alone = found(1);
  expect(found(2)).toEqual(alone);
  expect(found(4)).toEqual(alone);
});

test('a large file that is searched in ranges has every hit once, under its first name', () => {
  const { references } = found(2);
  const ofLarge = references.filter(({ file }) => file.endsWith('.log'));
  expect(ofLarge.map(({ file }) => file)).toEqual(places.map(() => 'a.log'));
  expect(ofLarge.map(({ site: { start } }) => start)).toEqual(places);
  expect(references.filter(({ file }) => file === 'lib/deep/libx.so')).toHaveLength(1);
});

test('bytes of a file with two names count once', async () => {
  const { summary } = found(2);
  expect(summary.files).toBe(SMALL + 2 + 2 + 1);
  expect(summary.bytes).toBe((await scan(site, { jobs: 1 })).summary.bytes);
  expect(summary.bytes).toBe(14 * MEGA + (SMALL / 9) * `x=${site}\n`.length + ((SMALL * 8) / 9) * 'x\n'.length);
});

test('a report has the same references, without what a plan needs', async () => {
  const whole = await scan(site, { jobs: 1 });
  const found = await report(site, { jobs: 1 });
  const { summary, excluded, unusedAllowances, prefixes, warnings, tree } = whole;
  expect(found).toMatchObject({ summary, excluded, unusedAllowances, prefixes, warnings, tree, hasFindings: true });
  expect(rowsOf(found)).toEqual(whole.references.map(({ absolute: _, relative: _r, ...row }) => row));
  found.close();
  expect(whole.files.find(({ file }) => file === 'a.log')).toMatchObject({ aliases: ['z.log'], size: 9 * MEGA });
});
