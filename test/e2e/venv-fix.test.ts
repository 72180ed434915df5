/** A real virtual environment through scan, fix, move, undo: the programs run in the new place, with the old place gone. */
import { mkdirSync, mkdtempSync, realpathSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { relocateOk, run, runOk } from '../support/cli.ts';
import { filesWith, listing, occurrences } from '../support/listing.ts';
import { activated, failingScripts, makeSite, pristine, recordMismatches } from '../support/venv.ts';

interface Found {
  readonly references: readonly {
    readonly code: string;
    readonly file: string;
    readonly fix: string;
    readonly site: { readonly kind: string };
  }[];
  readonly summary: { readonly references: number };
}

let folder: string;
let site: string;
let restore: () => void;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'relocate-venv-')));
  site = join(folder, 'build/site');
  makeSite(site);
  restore = pristine(site, join(folder, 'kept'));
}, 600_000);
afterAll(() => void runOk('rm', ['-rf', folder]));
beforeEach(() => {
  restore();
  runOk('rm', ['-rf', join(folder, 'moved')]);
});

const scanned = (tree: string): Found => JSON.parse(relocateOk(['scan', tree, '--format', 'json'], [0, 1]));

/** Moves the site to a place with a space in its name; nothing is left at the old one. */
function move(): string {
  const to = join(folder, 'moved/new place/site');
  mkdirSync(join(folder, 'moved/new place'), { recursive: true });
  renameSync(site, to);
  return to;
}

function expectToRun(place: string): void {
  expect(failingScripts(place, site)).toEqual([]);
  expect(run(join(place, 'env/bin/python'), ['-m', 'pip', 'check'])).toMatchObject({ status: 0 });
  expect(recordMismatches(place)).toEqual([]);
}

describe('scan', () => {
  test('finds as many occurrences as grep does', () => {
    const { references } = scanned(site);
    const inBytes = references.filter(({ site: { kind } }) => ['text', 'pyc', 'slot'].includes(kind));
    const outside = inBytes.filter(({ code }) => ['RL103', 'RL513', 'RL302'].includes(code));
    expect(inBytes.length - outside.length).toBe(occurrences(site, site));
  });

  test('says the same for any number of threads', () => {
    const one = relocateOk(['scan', site, '--format', 'json', '--jobs', '1'], [1]);
    for (const jobs of ['2', '5'])
      expect(relocateOk(['scan', site, '--format', 'json', '--jobs', jobs], [1])).toBe(one);
  });

  test('changes nothing', () => {
    const before = listing(site, { own: true });
    relocateOk(['scan', site], [1]);
    relocateOk(['fix', site, '--dry-run'], [0, 1]);
    relocateOk(['fix', site, '--diff'], [0, 1]);
    expect(listing(site, { own: true })).toBe(before);
  });
});

describe('fix', () => {
  test('leaves only refusals, changes no byte the second time, and undo gives everything back', () => {
    const before = listing(site, { own: true });
    relocateOk(['fix', site], [0, 1]);
    expect(scanned(site).references.filter(({ fix }) => fix === 'relative')).toEqual([]);
    const after = listing(site, { own: true });
    relocateOk(['fix', site], [0, 1]);
    expect(listing(site, { own: true })).toBe(after);
    relocateOk(['undo', site]);
    expect(listing(site, { own: true })).toBe(before);
  });

  test('then a move: every script, every shell, pip check and every RECORD row', () => {
    relocateOk(['fix', site], [0, 1]);
    const kept = new Set(
      scanned(site)
        .references.filter(({ fix }) => fix !== 'relative')
        .map(({ file }) => `./${file}`),
    );
    const place = move();
    expectToRun(place);
    for (const shell of ['bash', 'zsh', 'fish'])
      expect(activated(shell, place), shell).toMatchObject({
        status: 0,
        stdout: `${place}/env\n${place}/env/bin/python\n`,
      });
    expect(filesWith(place, site).filter((file) => !kept.has(file))).toEqual([]);
  });

  test('repairs an environment that was moved first', () => {
    const place = move();
    expect(failingScripts(place, site)).not.toEqual([]);
    relocateOk(['fix', place], [0, 1]);
    expectToRun(place);
    expect(activated('tcsh', place)).toMatchObject({ status: 0, stdout: `${place}/env\n${place}/env/bin/python\n` });
    expect(filesWith(place, site)).toEqual([]);
  });

  test('keeps the mode and the time of every file that it changes', () => {
    const facts = (tree: string): string =>
      runOk('find', ['.', '-path', './.relocate', '-prune', '-o', '-type', 'f', '-printf', '%P %m %T@ %n\\n'], {
        cwd: tree,
      });
    const sorted = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => !line.includes('__pycache__'))
        .sort();
    const before = sorted(facts(site));
    relocateOk(['fix', site], [0, 1]);
    expect(sorted(facts(site))).toEqual(before);
  });

  test('takes the new place ahead of the move with --to', () => {
    const to = join(folder, 'moved/ahead');
    relocateOk(['fix', site, '--to', to], [0, 1]);
    mkdirSync(join(folder, 'moved'), { recursive: true });
    renameSync(site, to);
    expectToRun(to);
    expect(filesWith(to, site)).toEqual([]);
  });
});
