/** What an install asks or checks before it believes: powers of programs, paths of the host, leftovers of others, who is at work. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { withLock } from '../src/io/lock.ts';
import { install } from '../src/stages/install.ts';
import { pack } from '../src/stages/pack.ts';
import { run } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';

const SCRIPT = fileURLToPath(new URL('../assets/install.sh', import.meta.url));

interface Made {
  readonly folder: string;
  readonly archive: string;
  readonly place: string;
}

async function packed(prepare: (tree: string, folder: string) => void = () => {}): Promise<Made> {
  const folder = temporaryFolder();
  const tree = join(folder, 'build/site');
  writeTree(tree, { 'etc/a.ini': `root=${tree}\n` });
  prepare(tree, folder);
  const archive = join(folder, 'site.tar.gz');
  await pack(tree, { output: archive, jobs: 1 });
  mkdirSync(join(folder, 'srv'));
  return { folder, archive, place: join(folder, 'srv/site') };
}

test.each(['dash', 'busybox'])('install.sh under %s brings setuid programs only when told to', async (shell) => {
  const { folder, archive, place } = await packed((tree) => {
    writeFileSync(join(tree, 'tool'), '#!/bin/sh\n');
    chmodSync(join(tree, 'tool'), 0o4755);
  });
  const words = shell === 'busybox' ? ['sh', SCRIPT] : [SCRIPT];
  const refused = run(shell, [...words, archive, place]);
  expect(refused).toMatchObject({ status: 2, stdout: '' });
  expect(refused.stderr).toContain('--allow-special');
  expect(readdirSync(join(folder, 'srv'))).toEqual([]);
  expect(run(shell, [...words, '--allow-special', archive, place])).toMatchObject({ status: 0 });
  expect(statSync(join(place, 'tool')).mode & 0o7777).toBe(0o4755);
});

test('names the paths of the build host that are not here, and installs', async () => {
  const { folder, archive, place } = await packed((tree, folder) => {
    writeFileSync(join(folder, 'needed'), '');
    symlinkSync(join(folder, 'needed'), join(tree, 'link'));
  });
  unlinkSync(join(folder, 'needed'));
  const { receipt } = await install(archive, place, { jobs: 1 });
  expect(receipt.warnings.join('\n')).toContain(`${join(folder, 'needed')} (link)`);
});

test.skipIf(process.getuid?.() !== 0)('does not believe what somebody else left beside the place', async () => {
  const { folder, archive, place } = await packed();
  const planted = join(folder, 'srv/.site.relocate-0.old');
  writeTree(planted, { evil: '' });
  chownSync(planted, 65534, 65534);
  chmodSync(join(folder, 'srv'), 0o1777);
  await install(archive, place, { jobs: 1 });
  expect(existsSync(join(place, 'evil'))).toBe(false);
  expect(existsSync(join(planted, 'evil'))).toBe(true);
});

test('does not replace a tree in which another run is at work', async () => {
  const { archive, place } = await packed();
  await install(archive, place, { jobs: 1 });
  writeFileSync(join(place, 'mine'), '');
  await withLock(place, 'fix', async () => {
    await expect(install(archive, place, { jobs: 1, replace: true })).rejects.toMatchObject({
      code: 'locked',
      exitCode: 5,
    });
  });
  expect(existsSync(join(place, 'mine'))).toBe(true);
});

test('says where it may not write, and leaves the parent as it was', async () => {
  const { folder, archive, place } = await packed();
  chmodSync(join(folder, 'srv'), 0o555);
  chmodSync(folder, 0o755);
  const isRoot = process.geteuid?.() === 0;
  // to root nothing is forbidden
  if (isRoot) process.seteuid?.(65534);
  try {
    await expect(install(archive, place, { jobs: 1 })).rejects.toMatchObject({
      code: 'usage',
      message: `the tree can't be written into ${join(folder, 'srv')}: no permission`,
    });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  expect(readdirSync(join(folder, 'srv'))).toEqual([]);
});
