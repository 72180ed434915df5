/** Archives that relocate does not take apart: a scan says so, and the answer is no, because they may hold anything. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerOf } from '../src/formats/container.ts';
import type { Reference } from '../src/model/reference.ts';
import type { Scan } from '../src/model/scan.ts';
import { relocateOk, runOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { has } from './support/moved-tree.ts';

const CONTROL = 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: x\n';

/** What a scan says of the archive `x` that a program makes of a file with a path of the tree. */
function foundIn(program: string, args: readonly string[]): readonly Reference[] {
  const root = join(temporaryFolder(), 'site');
  writeTree(root, { 'in/DEBIAN/control': CONTROL, 'in/a.ini': `root = ${root}\n` });
  runOk(program, args, { cwd: root });
  const said = relocateOk(['scan', root, '--format', 'json', '--exclude', 'in'], [1]);
  return (JSON.parse(said) as Scan).references;
}

function expectUnread(references: readonly Reference[], kind: string): void {
  const [first, ...others] = references;
  const note = `not looked at further: relocate does not read ${kind}`;
  expect(first).toMatchObject({ code: 'RL905', file: 'x', site: { kind: 'entry' }, fix: 'blocked', note });
  // what a program left as it was
  for (const other of others) expect(other).toMatchObject({ code: 'RL905', file: 'x', fix: 'blocked' });
}

test('bzip2', () => {
  const program = `import bz2; open('x', 'wb').write(bz2.compress(open('in/a.ini', 'rb').read()))`;
  expectUnread(foundIn('python3', ['-c', program]), 'bzip2');
});

test.skipIf(!has('bsdtar', '--version')).each([
  ['7z', '--format=7zip'],
  ['lz4', '--lz4'],
  ['lzip', '--lzip'],
])('%s', (kind, option) => {
  expectUnread(foundIn('bsdtar', [option, '-cf', 'x', '-C', 'in', 'a.ini']), kind);
});

test.skipIf(!has('dpkg-deb', '--version'))('a package of Debian', () => {
  expectUnread(foundIn('dpkg-deb', ['--root-owner-group', '-b', 'in', 'x']), 'deb');
});

test.each([
  ['rar', 'Rar!\x1a\x07\0'],
  ['rar', 'Rar!\x1a\x07\x01\0'],
  ['rpm', '\xed\xab\xee\xdb\x03\0'],
])('%s is known by its first bytes', (kind, head) => {
  expect(containerOf(Buffer.from(head, 'latin1'))).toBe(kind);
});

test('one within an archive is named as its member', () => {
  const program = `
import bz2, zipfile
text = open('in/a.ini', 'rb').read()
zipfile.ZipFile('x', 'w').writestr('y.bz2', bz2.compress(text))`;
  const found = foundIn('python3', ['-c', program]);
  expect(found).toMatchObject([{ code: 'RL905', path: 'y.bz2', fix: 'blocked' }]);
});

test('a path that stands there as it is, is told once', () => {
  const root = join(temporaryFolder(), 'site');
  const stored = Buffer.from(`7z\xbc\xaf\x27\x1c\0\x04${root}/etc\0`, 'latin1');
  writeTree(root, { 'x.7z': stored });
  const { references } = JSON.parse(relocateOk(['scan', root, '--format', 'json'], [1])) as Scan;
  expect(references.map(({ code, path }) => `${code} ${path}`)).toEqual(['RL905 ', `RL905 ${root}/etc`]);
});
