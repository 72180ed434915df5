import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../src/io/config.ts';
import { apply } from '../src/stages/apply.ts';
import { plan } from '../src/stages/plan.ts';
import { recover } from '../src/stages/recover.ts';
import { scan } from '../src/stages/scan.ts';
import { undo } from '../src/stages/undo.ts';
import { runOk } from './support/cli.ts';
import { temporaryFolder } from './support/folder.ts';

let tree: string;
let outside: string;

beforeEach(() => {
  const folder = temporaryFolder();
  tree = join(folder, 'site');
  outside = join(folder, 'outside');
  mkdirSync(join(tree, '.relocate', 'journal'), { recursive: true });
  mkdirSync(join(outside, '12'), { recursive: true });
  writeFileSync(join(outside, 'password'), 'theirs');
  writeFileSync(join(outside, '12', 'file'), 'theirs');
});

function expectUntouched(): void {
  expect(readdirSync(outside).sort()).toEqual(['12', 'password']);
  expect(readFileSync(join(outside, 'password'), 'utf8')).toBe('theirs');
  expect(readFileSync(join(outside, '12', 'file'), 'utf8')).toBe('theirs');
}

describe('a journal that came with a tree', () => {
  test.each(['.relocate/journal/gone-7', '.relocate/journal/7', '.relocate-123'])(
    'does not make recover empty the folder to which %s leads',
    async (name) => {
      symlinkSync(outside, join(tree, name));
      await recover(tree).catch(() => {});
      expectUntouched();
    },
  );

  test.each(['.relocate', '.relocate/journal'])('counts for nothing where %s is a symlink', async (name) => {
    const elsewhere = temporaryFolder();
    const site = join(elsewhere, 'site');
    mkdirSync(join(site, '.relocate'), { recursive: true });
    if (name === '.relocate') {
      runOk('rmdir', [join(site, name)]);
      mkdirSync(join(outside, 'journal', '5'), { recursive: true });
    }
    symlinkSync(outside, join(site, name));
    expect((await recover(site)).outcome).toBe('nothing');
    writeFileSync(join(site, 'run'), `#!${site}/bin/sh\n`);
    mkdirSync(join(site, 'bin'));
    writeFileSync(join(site, 'bin', 'sh'), '');
    await expect(scan(site).then((found) => apply(plan(found)))).rejects.toThrow(/is no folder/);
    if (name === '.relocate') expect(existsSync(join(outside, 'journal', '5'))).toBe(true);
    else expectUntouched();
  });

  test.each(['undo', 'recover'] as const)('does not make %s write through a symlinked folder', async (command) => {
    symlinkSync(outside, join(tree, 'way'));
    const run = join(tree, '.relocate', 'journal', '1');
    for (const folder of ['orig', 'new']) mkdirSync(join(run, folder), { recursive: true });
    for (const folder of ['orig', 'new']) writeFileSync(join(run, folder, '0'), 'mine');
    const digest = runOk('sha256sum', [join(outside, 'password')]).slice(0, 64);
    const step = { path: 'way/password', aliases: [], kind: 'content', before: digest, size: '6', mtime: '0' };
    const intent = { version: 1, run: 1, at: '2020-01-01T00:00:00Z', rootTime: '0', folders: [], steps: [step] };
    writeFileSync(join(run, 'intent.json'), JSON.stringify(intent));
    const state = command === 'undo' ? 'done' : 'staged';
    writeFileSync(join(run, 'marker.json'), JSON.stringify({ state, forced: false }));
    await (command === 'undo' ? undo(tree, { force: true }) : recover(tree)).catch(() => {});
    expectUntouched();
  });
});

describe('records that are no regular files', () => {
  const makeFifo = (name: string): void => {
    mkdirSync(join(tree, name, '..'), { recursive: true });
    runOk('mkfifo', [join(tree, name)]);
    // a reader that waits would wait for ever: whoever opens it for writing lets it go
    const relief = setTimeout(() => writeFileSync(join(tree, name), '', { flag: 'r+' }), 5000);
    onTestFinished(() => clearTimeout(relief));
  };

  test.each(['.relocate/tree.json', '.relocate/receipt.json', '.relocate/manifest.json'])(
    'a scan does not wait for the FIFO %s',
    async (name) => {
      makeFifo(name);
      expect((await scan(tree)).references).toEqual([]);
    },
  );

  test('a configuration that is a FIFO is refused', () => {
    makeFifo('relocate.toml');
    expect(() => readConfig(tree)).toThrow(/relocate\.toml is no regular file/);
  });
});
