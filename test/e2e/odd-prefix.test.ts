/** A real virtual environment built at a place whose name holds what shells and formats trip over, moved to another such place. */
import { mkdirSync, mkdtempSync, realpathSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { relocateOk, run, runOk } from '../support/cli.ts';
import { filesWith, occurrences } from '../support/listing.ts';
import { activated, failingScripts, makeSite, pristine, recordMismatches } from '../support/venv.ts';

let folder: string;
let site: string;
let restore: () => void;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'relocate-odd-')));
  site = join(folder, "it's a 5$ & ünï place/site");
  makeSite(site, []);
  restore = pristine(site, join(folder, 'kept'));
}, 600_000);
afterAll(() => void runOk('rm', ['-rf', folder]));

function expectToRun(place: string): void {
  expect(failingScripts(place, site, [])).toEqual([]);
  expect(run(join(place, 'env/bin/python'), ['-m', 'pip', 'check'])).toMatchObject({ status: 0 });
  expect(recordMismatches(place)).toEqual([]);
  for (const shell of ['bash', 'zsh', 'fish'])
    expect(activated(shell, place), shell).toMatchObject({
      status: 0,
      stdout: `${place}/env\n${place}/env/bin/python\n`,
    });
}

test('scan finds every occurrence, however it is escaped', () => {
  restore();
  const { summary } = JSON.parse(relocateOk(['scan', site, '--format', 'json'], [1])) as {
    summary: { references: number };
  };
  expect(summary.references).toBeGreaterThanOrEqual(occurrences(site, site));
});

test('fix and mv', () => {
  restore();
  relocateOk(['fix', site], [0, 1]);
  const place = join(folder, 'another "odd" $(place) & `so`/site');
  mkdirSync(join(folder, 'another "odd" $(place) & `so`'));
  renameSync(site, place);
  expectToRun(place);
});

test('mv and fix, pack and install', () => {
  restore();
  const place = join(folder, "moved 'to' $y & é/site");
  mkdirSync(join(folder, "moved 'to' $y & é"));
  renameSync(site, place);
  relocateOk(['fix', place], [0, 1]);
  expectToRun(place);
  expect(filesWith(place, site)).toEqual([]);
  const archive = join(folder, 'site.tar.gz');
  const installed = join(folder, 'in $HOME & ß/site');
  mkdirSync(join(folder, 'in $HOME & ß'));
  relocateOk(['pack', place, '-o', archive]);
  relocateOk(['install', archive, installed]);
  runOk('rm', ['-rf', place]);
  expectToRun(installed);
  expect(filesWith(installed, place)).toEqual([]);
});
