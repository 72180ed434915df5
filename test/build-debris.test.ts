/** What builds left behind: counted and not changed; left out of scan and archive by --exclude-debris, with every path named. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Scan } from '../src/model/scan.ts';
import type { PackReceipt } from '../src/stages/pack.ts';
import { relocateOk, runOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { listing } from './support/listing.ts';

/** A tree with two builds in it: one beside its sources, one in a folder of its own with a virtual environment within. */
function builtTree(): string {
  const root = join(temporaryFolder(), 'site');
  writeTree(root, {
    'src/auto/configure': '#!/bin/sh\n',
    'src/auto/Makefile.in': 'prefix = @prefix@\n',
    'src/auto/Makefile': `prefix = ${root}\n`,
    'src/auto/config.log': `--prefix=${root}\n`,
    'src/auto/config.status': `prefix=${root}\n`,
    'src/auto/x.c': 'int x;\n',
    'src/auto/x.o': 'x',
    'src/auto/.libs/x.o': 'x',
    'src/cmake/CMakeLists.txt': 'project(x)\n',
    'src/cmake/b/CMakeCache.txt': `CMAKE_INSTALL_PREFIX:PATH=${root}\n`,
    'src/cmake/b/CMakeFiles/x': `${root}/lib\n`,
    'etc/x.ini': `root = ${root}\n`,
  });
  return root;
}

const MADE = [
  'src/auto/.libs',
  'src/auto/Makefile',
  'src/auto/config.log',
  'src/auto/config.status',
  'src/auto/x.o',
  'src/cmake/b',
];

test('debris is counted apart, and fix leaves it', () => {
  const root = builtTree();
  expect(relocateOk(['scan', root], [1])).toContain('1 pinned, 5 debris of builds');
  const before = listing(join(root, 'src'));
  relocateOk(['fix', root, '--to', '/s']);
  expect(listing(join(root, 'src'))).toBe(before);
});

test('debris alone is no answer of no', () => {
  const root = builtTree();
  const said = relocateOk(['scan', root, '--exclude', 'etc'], [0]);
  expect(said).toContain('Nothing ties this tree to its place');
  expect(said).toContain('--exclude-debris');
});

test('--exclude-debris leaves out what the builds made and nothing beside it, and names each path', () => {
  const root = builtTree();
  const found = JSON.parse(relocateOk(['scan', root, '--exclude-debris', '--format', 'json'], [1])) as Scan;
  expect(found.excluded.map(({ path }) => path)).toEqual(MADE);
  expect(new Set(found.excluded.map(({ by }) => by))).toEqual(
    new Set(['debris of a build by configure', 'debris of a CMake build']),
  );
  expect(found.references.map(({ code }) => code)).toEqual(['RL201']);
});

test('an archive without debris holds the sources, and its manifest says what it does not hold', () => {
  const root = builtTree();
  const archive = join(root, '../site.tar');
  const packed = JSON.parse(
    relocateOk(['pack', root, '-o', archive, '--exclude-debris', '--format', 'json']),
  ) as PackReceipt;
  expect(packed.leftOut.map(({ path, why }) => [path, why])).toEqual(MADE.map((path) => [path, 'excluded']));
  const names = runOk('tar', ['tf', archive]).split('\n');
  expect(names.filter((name) => /^src\/.*\.|configure$/.test(name))).toEqual([
    'src/auto/Makefile.in',
    'src/auto/configure',
    'src/auto/x.c',
    'src/cmake/CMakeLists.txt',
  ]);
  relocateOk(['verify', archive]);
});

test('a folder that is a build of its own keeps an environment that lives in it', () => {
  const root = builtTree();
  writeTree(root, { 'src/cmake/b/env/pyvenv.cfg': 'home = /usr/bin\n', 'src/cmake/b/env/x.ini': `root = ${root}\n` });
  const found = JSON.parse(relocateOk(['scan', root, '--format', 'json'], [1])) as Scan;
  expect(found.references.find(({ file }) => file === 'src/cmake/b/env/x.ini')?.code).toBe('RL201');
  const without = JSON.parse(relocateOk(['scan', root, '--exclude-debris', '--format', 'json'], [1])) as Scan;
  expect(without.excluded.map(({ path }) => path)).toContain('src/cmake/b/CMakeCache.txt');
  expect(without.references.find(({ file }) => file === 'src/cmake/b/env/x.ini')?.code).toBe('RL201');
});

test('byte code in the folder of a build is debris, each path in it once, and fix leaves it', () => {
  const root = builtTree();
  // its length, a byte that looks like a letter, hides it from the search
  const constant = `${root}/${'x'.repeat(100 - root.length - 1)}`;
  writeTree(root, { 'src/cmake/b/py/m.py': `P = ${JSON.stringify(constant)}\n` });
  const source = join(root, 'src/cmake/b/py/m.py');
  runOk('python3', ['-m', 'py_compile', source]);
  const found = JSON.parse(relocateOk(['scan', root, '--format', 'json'], [1])) as Scan;
  const inByteCode = found.references.filter(({ file }) => file.endsWith('.pyc'));
  expect(inByteCode.map(({ code }) => code)).toEqual(['RL212', 'RL212']);
  expect(inByteCode.map(({ path }) => path).sort()).toEqual([source, constant].sort());
  const before = listing(join(root, 'src'));
  relocateOk(['fix', root, '--to', '/s']);
  expect(listing(join(root, 'src'))).toBe(before);
});
