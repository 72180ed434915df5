/** Signed programs in an archive: whoever fills in the place, relocate or a shell, signs them again. */
import { readFileSync, renameSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../src/stages/apply.ts';
import { install } from '../src/stages/install.ts';
import { pack } from '../src/stages/pack.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { verify } from '../src/stages/verify.ts';
import { barePath } from './support/bare-host.ts';
import { run } from './support/cli.ts';
import { temporaryFolder } from './support/folder.ts';
import { isSignedRight, tiny } from './support/macho.ts';

const SCRIPT = fileURLToPath(new URL('../assets/install.sh', import.meta.url));

let folder: string;
let archive: string;
let parent: string;
beforeEach(async () => {
  folder = temporaryFolder();
  const tree = join(folder, 'build/the tree');
  archive = join(folder, 'site.tar.gz');
  parent = join(folder, 'srv');
  mkdirSync(parent);
  // paths in the first page, in the third, and across the end of the fourth; two architectures, two kinds of hashes
  const program = `path = sys.argv[2].encode() + b'/share/x\\0'
text = (path + b'x' * 9000 + b'\\0' + path).ljust(4 * 4096 - 420, b'y') + b'\\0' + path + b'z' * 5000
names = [(LOAD, sys.argv[2] + '/lib/a.dylib'), (RPATH, '/usr/lib')]
parts = [thin(names, kind=2, text=text, hashes=(2, 1), room=1600, order=order) for order in '<>']
write(sys.argv[1], fat(*parts))`;
  tiny(program, join(tree, 'bin/x'), tree);
  await pack(tree, { output: archive, jobs: 1 });
});

function names(place: string): number {
  return readFileSync(join(place, 'bin/x')).toString('latin1').split(place).length - 1;
}

test('install signs what it fills in; after a move and a fix the tree is in order still', async () => {
  const place = join(parent, 'a');
  await install(archive, place);
  expect(names(place)).toBe(6);
  expect(isSignedRight(join(place, 'bin/x'))).toBe(true);
  expect(await verify(place)).toMatchObject({ ok: true, differences: [] });
  const moved = join(parent, 'b');
  renameSync(place, moved);
  await apply(plan(await scan(moved, { jobs: 1 })));
  expect(names(moved)).toBe(6);
  expect(isSignedRight(join(moved, 'bin/x'))).toBe(true);
  expect(await verify(moved)).toMatchObject({ ok: true, differences: [] });
});

describe.each(['dash', 'bash', 'busybox sh'])('under %s', (shell) => {
  test('install.sh writes the bytes that install writes', async () => {
    const place = join(parent, 'a');
    const [program = '', ...words] = shell.split(' ');
    const ran = run(`/usr/bin/${program}`, [...words, SCRIPT, archive, place]);
    expect(ran, ran.stderr).toMatchObject({ status: 0 });
    const written = readFileSync(join(place, 'bin/x'));
    renameSync(place, join(parent, 'by the shell'));
    await install(archive, place);
    expect(written.equals(readFileSync(join(place, 'bin/x')))).toBe(true);
    expect(isSignedRight(join(place, 'bin/x'))).toBe(true);
  });
});

test('install.sh changes nothing where it can not sign', () => {
  // no sha1sum there
  const ran = run('/bin/sh', [SCRIPT, archive, join(parent, 'a')], { env: { PATH: barePath(folder) } });
  expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining('no sha1sum to sign them again') as string });
  expect(run('ls', ['-A', parent]).stdout).toBe('');
});
