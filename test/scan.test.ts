/** The scan: nothing is missed, nothing is counted twice, neighbours are left alone, any number of threads says the same. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scan } from '../src/stages/scan.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';

describe('boundaries', () => {
  test('neighbours of the prefix are other paths', async () => {
    const site = join(temporaryFolder(), 'x/site');
    const near = ['2', '-old', '_2', '.bak', 'x', '~', '+1', '@2', '%20b', 'é'].map((tail) => `${site}${tail}/f\n`);
    writeTree(site, { 'etc/near.txt': `${near.join('')}/mnt${site}/f\nhttp://host${site}/f\n` });
    expect((await scan(site, { jobs: 1 })).references).toEqual([]);
  });

  test('the prefix ends at punctuation, quotes and the end of a sentence', async () => {
    const site = join(temporaryFolder(), 'site');
    const hits = [
      '"P"',
      "'P'",
      '(P)',
      'P,',
      'P;',
      'P:',
      'P.',
      'P. x',
      'P',
      '-I/P'.replace('/P', 'P'),
      '=P',
      ':P/x',
      '}P',
      'file://P',
      'file://localhostP',
      '<P>',
      'P|',
      'P\\n',
      'P`',
      'P“',
    ];
    writeTree(site, { 'etc/hits.txt': hits.join('\n').replaceAll('P', site) });
    expect((await scan(site, { jobs: 1 })).references).toHaveLength(hits.length);
  });

  test('a dollar behind the prefix makes the reference unsafe', async () => {
    const site = join(temporaryFolder(), 'site');
    writeTree(site, { a: `${site}$x` });
    expect((await scan(site, { jobs: 1 })).references).toMatchObject([{ applicability: 'unsafe' }]);
  });
});

test('neighbours are left alone in links, byte code, RECORD rows and URLs', async () => {
  const folder = temporaryFolder();
  const site = join(folder, 'site');
  const places = [`${site}2`, `${site}-old`, `/mnt${site}`];
  writeTree(site, {
    'lib/a.py': 'x = 1\n',
    'lib/p-1.dist-info/RECORD': places.map((place) => `${place}/a.py,sha256=x,1\n`).join(''),
    'lib/p-1.dist-info/direct_url.json': JSON.stringify({ url: `file://${site}2/src` }),
    'etc/urls.txt': places.map((place) => `file://${place}/x http://h/?next=${encodeURIComponent(place)}\n`).join(''),
  });
  for (const [index, place] of places.entries()) {
    symlinkSync(`${place}/x`, join(site, `link${index}`));
    const compile = `import py_compile, sys; py_compile.compile(sys.argv[1], sys.argv[2], dfile=sys.argv[3])`;
    execFileSync('python3', ['-c', compile, join(site, 'lib/a.py'), join(site, `lib/${index}.pyc`), `${place}/a.py`]);
  }
  const { references } = await scan(site, { jobs: 1 });
  expect(references.filter(({ scope }) => scope === 'inside')).toEqual([]);
  expect(references.map(({ code }) => code)).toEqual(['RL303', 'RL303', 'RL303']);
});

describe('every file once', () => {
  test('a hit is found wherever a chunk of a large file ends', async () => {
    const site = join(temporaryFolder(), 'site');
    mkdirSync(site);
    const bytes = Buffer.alloc(3 * 1024 * 1024, 'abcdefgh ijklmn\n');
    const places = [
      0,
      100,
      1024 * 1024 - 3,
      1024 * 1024 * 2 - site.length - 5000,
      1024 * 1024 * 2 - 20,
      bytes.length - site.length,
    ];
    for (const place of places)
      bytes.write(`\n${site}`.slice(place === 0 ? 1 : 0), Math.max(0, place - (place === 0 ? 0 : 1)), 'latin1');
    for (const place of places.slice(0, -1)) bytes.write('\n', place + site.length, 'latin1');
    writeFileSync(join(site, 'big.txt'), bytes);
    const found = (await scan(site, { jobs: 1 })).references;
    expect(found.map(({ site: at }) => ('start' in at ? at.start : -1))).toEqual(places);
  });

  test('a file larger than memory allows is looked at by regions', async () => {
    const site = join(temporaryFolder(), 'site');
    mkdirSync(site);
    execFileSync('truncate', ['-s', '200M', join(site, 'sparse')]);
    execFileSync('dd', [`of=${join(site, 'sparse')}`, 'bs=1', 'seek=150000000', 'conv=notrunc', 'status=none'], {
      input: site,
    });
    const { references, summary } = await scan(site, { jobs: 1 });
    expect(references).toMatchObject([{ file: 'sparse', site: { start: 150_000_000 }, path: site }]);
    expect(summary.bytes).toBe(200 * 1024 * 1024);
  });

  test('an inode with several names is read once and reported under the first', async () => {
    const site = join(temporaryFolder(), 'site');
    writeTree(site, { 'b/two': `root=${site}\n`, 'a/x': '' });
    linkSync(join(site, 'b/two'), join(site, 'a/one'));
    const { references, files, summary } = await scan(site, { jobs: 1 });
    expect(references.map(({ file }) => file)).toEqual(['a/one']);
    expect(files).toMatchObject([{ file: 'a/one', aliases: ['b/two'] }]);
    expect(summary.bytes).toBe(`root=${site}\n`.length);
  });

  test('names that are not UTF-8, with newlines and quotes, keep their bytes', async () => {
    const site = join(temporaryFolder(), 'site');
    mkdirSync(site);
    for (const name of ['lat\xedn', 'new\nline', `q'"$x`])
      writeFileSync(Buffer.concat([Buffer.from(`${site}/`), Buffer.from(name, 'latin1')]), site);
    const { references } = await scan(site, { jobs: 1 });
    expect(references.map(({ file }) => file)).toEqual(['lat\udcedn', 'new\nline', `q'"$x`]);
  });
});

/** A file whose full path is longer than the system takes (4,096 bytes). */
function deepFolder(site: string): void {
  execFileSync(
    'python3',
    ['-c', 'import os\nfor i in range(22):\n n = "%0200d" % i; os.mkdir(n); os.chdir(n)\nopen("f", "w").write("x")'],
    { cwd: site },
  );
}

describe('verdicts', () => {
  test('special files are reported and never opened', async () => {
    const site = join(temporaryFolder(), 'site');
    mkdirSync(site);
    execFileSync('mkfifo', [join(site, 'fifo')]);
    expect((await scan(site, { jobs: 1 })).references).toMatchObject([
      { code: 'RL903', file: 'fifo', path: 'fifo', fix: 'none' },
    ]);
  });

  test('a folder whose full path is too long is a finding', async () => {
    const site = join(temporaryFolder(), 'site');
    mkdirSync(site);
    deepFolder(site);
    const { references } = await scan(site, { jobs: 1 });
    expect(references.map(({ code, path }) => [code, path])).toEqual([['RL901', 'ENAMETOOLONG']]);
  });

  test('what an excluding glob names is not read, and is listed', async () => {
    const site = join(temporaryFolder(), 'site');
    writeTree(site, { 'var/log/a': site, 'var/b': site, 'etc/c': site });
    const { references, excluded } = await scan(site, { jobs: 1, exclude: ['var/**'] });
    expect(references.map(({ file }) => file)).toEqual(['etc/c']);
    expect(excluded).toEqual([
      { path: 'var/b', by: 'var/**' },
      { path: 'var/log', by: 'var/**' },
    ]);
  });

  test.each(['missing', 'file'])('a tree that is %s is a usage error', async (kind) => {
    const folder = temporaryFolder();
    if (kind === 'file') writeFileSync(join(folder, 'file'), '');
    await expect(scan(join(folder, kind))).rejects.toMatchObject({ code: 'usage', exitCode: 2 });
  });

  test('a prefix of one component needs force', async () => {
    const site = join(temporaryFolder(), 'site');
    writeTree(site, { a: '/srv/x' });
    const without = await scan(site, { jobs: 1, prefixes: ['/srv'] });
    expect(without.references).toEqual([]);
    expect(without.warnings.join()).toContain('/srv');
    expect((await scan(site, { jobs: 1, prefixes: ['/srv'], force: true })).references).toMatchObject([
      { path: '/srv/x' },
    ]);
  });
});

describe('prefixes', () => {
  const venv = (at: string): Record<string, string> => ({
    'pyvenv.cfg': `home = /usr/bin\nversion = 3.11.2\ncommand = /usr/bin/python3 -m venv ${at}\n`,
    'bin/activate': `VIRTUAL_ENV="${at}"\nexport VIRTUAL_ENV\n`,
    'bin/tool': `#!${at}/bin/python3\nprint(1)\n`,
  });

  test('a moved environment remembers where it was', async () => {
    const folder = temporaryFolder();
    writeTree(join(folder, 'old'), venv(`${folder}/old`));
    renameSync(join(folder, 'old'), join(folder, 'new'));
    const { prefixes } = await scan(join(folder, 'new'), { jobs: 1 });
    expect(prefixes.map(({ path, base, source }) => [path, base, source])).toEqual([
      [`${folder}/new`, '', 'tree'],
      [`${folder}/old`, '', 'recorded'],
    ]);
    expect(prefixes[1]?.evidence).toContain('VIRTUAL_ENV');
  });

  test('a moved environment remembers where it was, at a place whose name is not UTF-8', async () => {
    const place = join(temporaryFolder(), 'at ');
    writeTree(place, { 'pyvenv.cfg': 'home = /usr/bin\ncommand = /usr/bin/python3 -m venv /srv/old/venv\n' });
    execFileSync('sh', ['-c', 'mv "$1" "$1$(printf "\\377")"', 'sh', place]);
    const { prefixes } = await scan(`${place}\udcff`, { jobs: 1 });
    expect(prefixes.map(({ path }) => path)).toEqual([`${place}\udcff`, '/srv/old/venv']);
  });

  test('an environment in a moved site is told by its scripts too', async () => {
    const folder = temporaryFolder();
    writeTree(join(folder, 'old/env'), venv(`${folder}/old/env`));
    writeTree(join(folder, 'old'), { 'bin/start': `#!${folder}/old/env/bin/tool\n` });
    renameSync(join(folder, 'old'), join(folder, 'new'));
    const { prefixes } = await scan(join(folder, 'new'), { jobs: 1 });
    expect(prefixes.map(({ path, base }) => [path, base])).toContainEqual([`${folder}/old`, '']);
  });

  test('an environment deep in a moved site tells where the site was, and so do links', async () => {
    const folder = temporaryFolder();
    writeTree(join(folder, 'deep/releases/1/env'), venv('/gone/site/releases/1/env'));
    expect((await scan(join(folder, 'deep'), { jobs: 1 })).prefixes).toMatchObject([
      { source: 'tree' },
      { path: '/gone/site', base: '' },
    ]);
    writeTree(join(folder, 'linked/releases/1'), { a: '' });
    symlinkSync('/gone/other/releases/1', join(folder, 'linked/current'));
    symlinkSync('/gone/other/releases/1/a', join(folder, 'linked/a'));
    expect((await scan(join(folder, 'linked'), { jobs: 1 })).prefixes).toMatchObject([
      { source: 'tree' },
      { path: '/gone/other', base: '' },
    ]);
  });

  test('a lone environment that was moved into a site does not make its parent a prefix', async () => {
    const folder = temporaryFolder();
    writeTree(join(folder, 'site/env'), venv('/gone/home/env'));
    const { prefixes } = await scan(join(folder, 'site'), { jobs: 1 });
    expect(prefixes.map(({ path, base }) => [path, base])).toEqual([
      [`${folder}/site`, ''],
      ['/gone/home/env', 'env'],
    ]);
  });

  test('a program of the host with the same name is no prefix', async () => {
    const site = join(temporaryFolder(), 'site');
    writeTree(site, { 'bin/sh': '', 'bin/tool': '#!/usr/bin/sh\n', 'bin/more': '#!/usr/bin/sh\n' });
    expect((await scan(site, { jobs: 1 })).prefixes).toHaveLength(1);
  });

  test('a tree reached through a symlink is known by both names', async () => {
    const folder = temporaryFolder();
    writeTree(join(folder, 'real/site'), { a: `${folder}/real/site ${folder}/alias/site` });
    symlinkSync('real', join(folder, 'alias'));
    const { references, tree } = await scan(join(folder, 'alias/site'), { jobs: 1 });
    expect(tree).toBe(`${folder}/alias/site`);
    expect(references).toHaveLength(2);
  });
});
