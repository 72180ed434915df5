/** A real virtual environment through pack and install, twice in a row, with and without relocate on the target. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { barePath } from '../support/bare-host.ts';
import { relocate, relocateOk, run, runOk } from '../support/cli.ts';
import { usually } from '../support/depth.ts';
import { filesWith, listing } from '../support/listing.ts';
import { activated, failingScripts, makeSite, recordMismatches } from '../support/venv.ts';

let folder: string;
let site: string;
let hidden: string;
let archive: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'relocate-archive-')));
  site = join(folder, 'build/site');
  hidden = join(folder, 'hidden');
  archive = join(folder, 'site.tar.gz');
  makeSite(site);
  relocateOk(['pack', site, '-o', archive]);
}, 600_000);
afterAll(() => void runOk('rm', ['-rf', folder]));
beforeEach(() => {
  runOk('rm', ['-rf', join(folder, 'target')]);
  mkdirSync(join(folder, 'target'));
});

/** Hides the build while the programs of another place run. */
function withoutTheBuild<T>(run: () => T): T {
  renameSync(join(folder, 'build'), hidden);
  try {
    return run();
  } finally {
    renameSync(hidden, join(folder, 'build'));
  }
}

function expectToRun(place: string): void {
  withoutTheBuild(() => {
    expect(failingScripts(place, site)).toEqual([]);
    expect(run(join(place, 'env/bin/python'), ['-m', 'pip', 'check'])).toMatchObject({ status: 0 });
    for (const shell of ['bash', 'zsh', 'fish', 'tcsh'])
      expect(activated(shell, place), shell).toMatchObject({
        status: 0,
        stdout: `${place}/env\n${place}/env/bin/python\n`,
      });
  });
  expect(recordMismatches(place)).toEqual([]);
  expect(filesWith(place, site)).toEqual([]);
  expect(runOk('sh', ['-c', 'grep -rlF "@@RELOCATE_PREFIX@@" "$1" --exclude-dir=.relocate || true', 'sh', place])).toBe(
    '',
  );
}

describe('pack', () => {
  test('does not touch the tree and gives the same bytes again, for any number of threads', () => {
    const before = listing(site, { own: true });
    for (const jobs of ['1', '3']) {
      const again = join(folder, `target/again-${jobs}.tar.gz`);
      relocateOk(['pack', site, '-o', again, '--jobs', jobs]);
      expect(readFileSync(again).equals(readFileSync(archive))).toBe(true);
    }
    expect(listing(site, { own: true })).toBe(before);
  });

  test('gives an archive that tar and python read, and that names the build nowhere', () => {
    runOk('tar', ['xzf', archive, '-C', join(folder, 'target')]);
    expect(filesWith(join(folder, 'target'), site)).toEqual([]);
    expect(runOk('grep', ['-c', '', join(folder, 'target/.relocate/manifest.json')])).not.toBe('');
    expect(runOk('sh', ['-c', 'grep -rlF "$2" "$1/.relocate" || true', 'sh', join(folder, 'target'), site])).toBe('');
    const names = runOk('python3', [
      '-c',
      'import sys, tarfile; print(len(tarfile.open(sys.argv[1]).getnames()))',
      archive,
    ]);
    expect(Number(names)).toBe(Number(runOk('sh', ['-c', 'tar tzf "$1" | wc -l', 'sh', archive])));
  });

  test('fails where a path can not be read, and leaves no file', () => {
    const bad = join(folder, 'target/bad');
    mkdirSync(bad);
    runOk(
      'python3',
      ['-c', 'import os\nfor i in range(22):\n n = "%0200d" % i; os.mkdir(n); os.chdir(n)\nopen("f", "w").write("x")'],
      { cwd: bad },
    );
    const ran = relocate(['pack', bad, '-o', join(folder, 'target/bad.tar.gz')]);
    expect(ran.status).not.toBe(0);
    expect(readdirSync(join(folder, 'target'))).toEqual(['bad']);
  });
});

describe('install', () => {
  test('at a place with a space, again from there, and from the installed place once more by mv and fix', () => {
    const first = join(folder, 'target/first place/site');
    mkdirSync(join(folder, 'target/first place'));
    relocateOk(['install', archive, first]);
    relocateOk(['verify', first]);
    expectToRun(first);

    const again = join(folder, 'target/again.tar.gz');
    const second = join(folder, "target/second $place & 'co'/site");
    mkdirSync(join(folder, "target/second $place & 'co'"));
    relocateOk(['pack', first, '-o', again]);
    relocateOk(['install', again, second]);
    runOk('rm', ['-rf', first]);
    expectToRun(second);
    expect(filesWith(second, first)).toEqual([]);

    const third = join(folder, 'target/third');
    renameSync(second, third);
    relocateOk(['fix', third], [0, 1]);
    expectToRun(third);
    expect(filesWith(third, second)).toEqual([]);
  });

  test('the same archive at the same place again: nothing to do', () => {
    const place = join(folder, 'target/site');
    relocateOk(['install', archive, place]);
    const before = listing(place, { own: true });
    expect(relocate(['install', archive, place])).toMatchObject({ status: 0 });
    expect(listing(place, { own: true })).toBe(before);
  });

  test('refuses a destination that holds something, and leaves it as it was', () => {
    const place = join(folder, 'target/site');
    mkdirSync(place);
    runOk('sh', ['-c', 'echo mine > "$1/file"', 'sh', place]);
    const before = listing(join(folder, 'target'), { own: true });
    expect(relocate(['install', archive, place])).toMatchObject({ status: 2, stdout: '' });
    expect(listing(join(folder, 'target'), { own: true })).toBe(before);
  });

  test('refuses an archive cut short anywhere, and leaves nothing', () => {
    const whole = readFileSync(archive);
    for (const part of usually([0, 0.3, 0.9999], [0, 0.001, 0.3, 0.9, 0.9999])) {
      const cut = join(folder, 'cut.tar.gz');
      runOk('sh', ['-c', 'head -c "$2" "$1" > "$3"', 'sh', archive, String(Math.floor(whole.length * part)), cut]);
      const ran = relocate(['install', cut, join(folder, 'target/site')]);
      expect(ran).toMatchObject({ status: 2, stdout: '' });
      expect(ran.stderr.trim().split('\n')).toHaveLength(1);
      expect(readdirSync(join(folder, 'target'))).toEqual([]);
    }
  });

  test('retargets the interpreter with --python', () => {
    const place = join(folder, 'target/site');
    const other = runOk('python3', ['-c', 'import sys; print(sys._base_executable)']).trim();
    const link = join(folder, 'target/other-python');
    runOk('sh', ['-c', 'printf \'#!/bin/sh\\nexec %s "$@"\\n\' "$1" > "$2"; chmod +x "$2"', 'sh', other, link]);
    expect(relocate(['install', archive, place, '--python', join(folder, 'target/none')])).toMatchObject({ status: 2 });
    relocateOk(['install', archive, place, '--python', other]);
    expect(runOk('readlink', ['-f', join(place, 'env/bin/python')]).trim()).toBe(realpathSync(other));
    expectToRun(place);
  });
});

describe('install.sh', () => {
  test.each(usually(['dash'], ['dash', 'bash', 'busybox sh']))('under %s, with no node on PATH', (shell) => {
    const bin = barePath(join(folder, 'target'));
    const place = join(folder, "target/a place/it's $x & co/site");
    mkdirSync(join(folder, "target/a place/it's $x & co"), { recursive: true });
    const [program = '', ...words] = shell.split(' ');
    const path = runOk('sh', ['-c', 'command -v "$1"', 'sh', program]).trim();
    const env = { PATH: bin, HOME: folder };
    runOk(
      'sh',
      ['-c', 'tar xzf "$1" -O .relocate/install.sh > "$2"', 'sh', archive, join(folder, 'target/install.sh')],
      { env },
    );
    runOk(path, [...words, join(folder, 'target/install.sh'), archive, place], { env });
    relocateOk(['verify', place]);
    expectToRun(place);
  });
});
