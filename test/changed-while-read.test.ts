/** RL902: a file that is written to while it is read is reported, and fails a pack unless it is declared volatile. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { relocate, run } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';

let folder: string;
let stop: () => void;

beforeEach(() => {
  folder = temporaryFolder();
  writeTree(folder, { 'site/etc/x.conf': 'x\n' });
  run('truncate', ['-s', '300M', join(folder, 'site/log')]);
  const writer = spawn('sh', ['-c', 'while :; do echo x >> "$0"; done', join(folder, 'site/log')], { stdio: 'ignore' });
  stop = () => writer.kill('SIGKILL');
});
afterEach(() => stop());

it('is a finding', () => {
  const { status, stdout } = relocate(['scan', join(folder, 'site'), '--format', 'json']);
  expect(status).toBe(1);
  const { references } = JSON.parse(stdout) as { references: { code: string; file: string }[] };
  expect(references.map(({ code, file }) => [code, file])).toEqual([['RL902', 'log']]);
});

it('fails a pack, unless it is volatile', () => {
  const archive = join(folder, 'site.tar.gz');
  const { status, stderr } = relocate(['pack', join(folder, 'site'), '-o', archive]);
  expect({ status, lines: stderr.trim().split('\n').length }).toEqual({ status: 2, lines: 1 });
  expect(stderr).toMatch(/log changed while it was read/);
  expect(relocate(['pack', join(folder, 'site'), '-o', archive, '--volatile', 'log']).status).toBe(0);
});
