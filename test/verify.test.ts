/** verify: says what differs between a tree and what was installed, and nothing else. */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { writeElf } from './support/elf-writer.ts';
import { apply } from '../src/stages/apply.ts';
import { install } from '../src/stages/install.ts';
import { pack } from '../src/stages/pack.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { verify } from '../src/stages/verify.ts';
import { runOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { listing } from './support/listing.ts';
import { makePackage, recordMismatches } from './support/package.ts';

let folder: string;
let tree: string;
let archive: string;
let place: string;
beforeEach(async () => {
  folder = temporaryFolder();
  tree = join(folder, 'build/site');
  archive = join(folder, 'site.tar.gz');
  place = join(folder, 'srv');
  writeTree(tree, {
    'etc/app.conf': `root ${tree}/data\n`,
    'data/x': 'x',
    'data/y': 'y',
    'log/app.log': 'begin\n',
    'bin/m.py': 'print(1)\n',
  });
  runOk('sh', ['-c', 'ln data/x data/x2; ln -s data/x link; ln -s /etc/passwd outside'], { cwd: tree });
  await pack(tree, { output: archive, jobs: 1, volatile: ['log/**'] });
  await install(archive, place);
});

/** `kind path` of every difference. */
async function differences(): Promise<string[]> {
  const verdict = await verify(place);
  expect(verdict.ok).toBe(verdict.differences.length === 0);
  return verdict.differences.map(({ kind, path }) => `${kind} ${path}`);
}

describe('an option that can prove nothing', () => {
  test('is refused: a digest of a tree', async () => {
    await expect(verify(place, { digest: '0'.repeat(64) })).rejects.toThrow(
      /srv is a tree, and --sha256 is the digest/,
    );
  });

  test.each([
    ['--run', { run: true }],
    ['--hide', { hide: ['/former/place' as never] }],
    ['--ignore', { ignore: ['log/**'] }],
  ])('is refused: %s of an archive', async (option, options) => {
    await expect(verify(archive, options)).rejects.toThrow(
      `site.tar.gz is an archive, and ${option} is for a tree; install it, then verify that`,
    );
  });
});

describe('a tree', () => {
  test('as it was installed has no difference, and verifying writes nothing', async () => {
    const before = listing(place, { own: true });
    expect(await verify(place)).toMatchObject({
      ok: true,
      subject: 'tree',
      differences: [],
      checked: { files: 5 },
      warnings: [],
    });
    expect(listing(place, { own: true })).toBe(before);
  });

  test.each<[string, () => void, string[]]>([
    ['a changed file', () => appendFileSync(join(place, 'data/y'), 'more'), ['content data/y']],
    [
      'a changed file that was filled in',
      () => appendFileSync(join(place, 'etc/app.conf'), 'more'),
      ['content etc/app.conf'],
    ],
    [
      'another place in a file that was filled in',
      () => writeFileSync(join(place, 'etc/app.conf'), 'root /srv/elsewhere/data\n'),
      ['content etc/app.conf'],
    ],
    ['a missing file', () => unlinkSync(join(place, 'data/y')), ['missing data/y']],
    ['a file more', () => writeFileSync(join(place, 'new'), ''), ['extra new']],
    ['another mode', () => chmodSync(join(place, 'data/y'), 0o600), ['mode data/y']],
    [
      'a file where a folder was',
      () => (rmSync(join(place, 'data'), { recursive: true }), writeFileSync(join(place, 'data'), '')),
      ['type data', 'missing data/x', 'missing data/x2', 'missing data/y'],
    ],
    [
      'a link that leads elsewhere',
      () => (unlinkSync(join(place, 'link')), symlinkSync('data/y', join(place, 'link'))),
      ['target link'],
    ],
    [
      'a hard link that is one no more',
      () => (unlinkSync(join(place, 'data/x2')), writeFileSync(join(place, 'data/x2'), 'x')),
      ['links data/x2'],
    ],
  ])('with %s', async (_, change, expected) => {
    change();
    expect(await differences()).toEqual(expected);
  });

  test('that was moved names its former place', async () => {
    const moved = join(folder, 'moved');
    renameSync(place, moved);
    place = moved;
    expect(await differences()).toEqual(['leftover etc/app.conf']);
  });

  test('that was moved on by fix is right again, its slots and its RECORD too', async () => {
    const build = join(folder, 'build/at/a/place/with/some/length');
    const library = writeElf({ constants: [`${build}/share`, 'tail'], sections: true });
    writeTree(build, {
      'lib/lib.so': library,
      'lib/wide.so': Buffer.concat([Buffer.from('\u007fELF'), Buffer.from(`${build}/x\0`, 'utf16le')]),
    });
    makePackage(build, 'lib/python3.11/site-packages');
    await pack(build, { output: archive, jobs: 1 });
    await install(archive, join(folder, 'one'));
    expect((await verify(join(folder, 'one'))).ok).toBe(true);
    place = join(folder, 'another');
    renameSync(join(folder, 'one'), place);
    await apply(plan(await scan(place, { jobs: 1 })));
    expect(recordMismatches(place)).toEqual([]);
    expect(await differences()).toEqual([]);
    renameSync(place, join(folder, 'two'));
    place = join(folder, 'two');
    await apply(plan(await scan(place, { jobs: 1 })));
    expect(await differences()).toEqual([]);
  });

  test('may write to what is volatile, and Python may keep its byte code', async () => {
    appendFileSync(join(place, 'log/app.log'), 'more\n');
    writeFileSync(join(place, 'log/new.log'), '');
    runOk('python3', ['-m', 'compileall', '-q', join(place, 'bin')]);
    const verdict = await verify(place);
    expect(verdict.differences).toEqual([]);
    expect(verdict.warnings.join()).toMatch(/byte code/);
  });

  test('may have paths that the user wants to be ignored', async () => {
    writeTree(place, { 'var/cache/x': 'x' });
    appendFileSync(join(place, 'data/y'), 'more');
    expect((await verify(place, { ignore: ['var', 'data/*'] })).ok).toBe(true);
  });

  test('with a manifest that was tampered with is not believed', async () => {
    runOk('sed', ['-i', 's/"mode":420/"mode": 420/', join(place, '.relocate/manifest.json')]);
    await expect(verify(place)).rejects.toMatchObject({ rule: 'manifest-not-canonical' });
  });

  test('that was never installed can not be verified', async () => {
    await expect(verify(tree)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('was not installed'),
    });
    await expect(verify(join(folder, 'none'))).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('an archive', () => {
  test('with a name that other readers get wrong is in order, and the name is told', async () => {
    const awkward = `${'n'.repeat(110)}\nline`;
    writeTree(tree, { [awkward]: '', ordinary: '' });
    await pack(tree, { output: archive, jobs: 1 });
    const verdict = await verify(archive);
    expect(verdict).toMatchObject({ ok: true, differences: [] });
    expect(verdict.warnings).toEqual([
      expect.stringContaining(`1 entry is read otherwise by node-tar, such as '${awkward}'`),
    ]);
  });

  test('that is right', async () => {
    expect(await verify(archive)).toMatchObject({
      ok: true,
      subject: 'archive',
      differences: [],
      checked: { files: 5 },
    });
  });

  test('has the sha256 that was asked for, or is not looked at', async () => {
    const digest = runOk('sha256sum', [archive]).slice(0, 64);
    expect((await verify(archive, { digest })).ok).toBe(true);
    await expect(verify(archive, { digest: '0'.repeat(64) })).rejects.toMatchObject({ rule: 'archive-digest' });
  });

  test('of another tool is none', async () => {
    const other = join(folder, 'other.tar');
    for (const flags of ['cf', 'czf']) {
      runOk('tar', [flags, other, '-C', tree, '.']);
      await expect(verify(other)).rejects.toMatchObject({ code: 'archive' });
    }
    writeFileSync(other, 'PK\u0003\u0004');
    await expect(verify(other)).rejects.toMatchObject({ rule: 'archive-format' });
    writeFileSync(other, '');
    await expect(verify(other)).rejects.toMatchObject({ rule: 'archive-format' });
  });
});

describe('programs', () => {
  test('run with the former places hidden, and those that need them fail', async () => {
    const base = runOk('python3', ['-c', 'import sys; print(sys._base_executable)']).trim();
    const site = join(folder, 'other/site');
    runOk(base, ['-m', 'venv', '--without-pip', join(site, 'env')]);
    const script = (name: string, python: string): void => {
      writeFileSync(join(site, 'env/bin', name), `#!${python}\nprint('this must not run')\n`, { mode: 0o755 });
    };
    script('good', join(site, 'env/bin/python'));
    script('bad', join(folder, 'former/bin/python'));
    mkdirSync(join(folder, 'former'));
    runOk(base, ['-m', 'venv', '--without-pip', join(folder, 'former')]);
    const { programs, warnings } = await verify(site, { run: true, hide: [join(folder, 'former') as never] });
    expect(programs.map(({ program, ok }) => `${program} ${ok}`).sort()).toEqual([
      'env/bin/bad false',
      'env/bin/good true',
      'env/bin/python true',
    ]);
    expect(warnings).toEqual([]);
  });
});
