/** Killed by SIGKILL at moments all over a fix and an install: the next command says so, recover settles it, nothing is left over. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { relocate, RELOCATE, relocateOk, runOk } from '../support/cli.ts';
import { usually } from '../support/depth.ts';
import { listing } from '../support/listing.ts';
import { failingScripts, makeSite, pristine } from '../support/venv.ts';

const MOMENTS = usually(4, 10);
const MOMENTS_OF_REPLACING = usually(2, 5);

let folder: string;
let site: string;
let restore: () => void;
let before: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'relocate-killed-')));
  site = join(folder, 'build/site');
  makeSite(site, []);
  restore = pristine(site, join(folder, 'kept'));
  before = listing(site, { own: true });
}, 600_000);
afterAll(() => void runOk('rm', ['-rf', folder]));

/** Runs a command and kills it after some milliseconds; whether it was still running. */
async function killedAfter(milliseconds: number, args: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [RELOCATE, ...args], { stdio: 'ignore' });
  const ended = new Promise<boolean>((resolve) => child.on('exit', (_, signal) => resolve(signal === 'SIGKILL')));
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  const killed = await ended;
  clearTimeout(timer);
  return killed;
}

/** How long a command takes, in milliseconds. */
function timed(args: readonly string[]): number {
  const start = performance.now();
  relocateOk(args, [0, 1]);
  return performance.now() - start;
}

describe('fix', () => {
  let fixed: string;
  let duration: number;
  beforeAll(() => {
    restore();
    duration = timed(['fix', site]);
    fixed = listing(site, { own: true });
    restore();
  }, 120_000);

  test.each(Array.from({ length: MOMENTS }, (_, i) => i))('killed at moment %i', async (moment) => {
    restore();
    const killed = await killedAfter((duration * (moment + 1 + Math.random())) / (MOMENTS + 1), ['fix', site]);
    if (killed) {
      const next = relocate(['fix', site]);
      if (next.status === 4) {
        expect(next.stderr).toContain('relocate recover');
        relocateOk(['recover', site, ...(moment % 2 === 0 ? [] : ['--back'])]);
      }
    }
    if (existsSync(join(site, '.relocate'))) {
      expect(listing(site, { own: true })).toBe(fixed);
      relocateOk(['undo', site]);
    }
    expect(listing(site, { own: true })).toBe(before);
    expect(existsSync(join(site, '.relocate'))).toBe(false);
  });
});

describe('install', () => {
  let archive: string;
  let duration: number;
  beforeAll(() => {
    restore();
    archive = join(folder, 'site.tar.gz');
    relocateOk(['pack', site, '-o', archive]);
    mkdirSync(join(folder, 'timed'));
    duration = timed(['install', archive, join(folder, 'timed/site')]);
  }, 120_000);

  test.each(Array.from({ length: MOMENTS }, (_, i) => i))('killed at moment %i', async (moment) => {
    const parent = join(folder, `target-${moment}`);
    const place = join(parent, 'site');
    mkdirSync(parent);
    await killedAfter((duration * (moment + 1 + Math.random())) / (MOMENTS + 1), ['install', archive, place]);
    if (existsSync(place)) relocateOk(['verify', place]);
    relocateOk(['install', archive, place]);
    expect(readdirSync(parent)).toEqual(['site']);
    relocateOk(['verify', place]);
    expect(failingScripts(place, site, [])).toEqual([]);
    runOk('rm', ['-rf', parent]);
  });

  test.each(Array.from({ length: MOMENTS_OF_REPLACING }, (_, i) => i))(
    'replacing, killed at moment %i: the old tree or the new one is there',
    async (moment) => {
      const parent = join(folder, `replaced-${moment}`);
      const place = join(parent, 'site');
      mkdirSync(parent);
      runOk('cp', ['-a', join(folder, 'timed/site'), place]);
      relocateOk(['fix', place], [0, 1]);
      runOk('sh', ['-c', 'echo mine > "$1/env/mine"', 'sh', place]);
      // the first part of an install touches nothing that is there
      const share = (moment / MOMENTS_OF_REPLACING + 0.6 + Math.random() / MOMENTS_OF_REPLACING) / 1.4;
      await killedAfter(duration * share, ['install', archive, place, '--replace']);
      if (!existsSync(place)) relocateOk(['recover', place]);
      expect(failingScripts(place, site, [])).toEqual([]);
      relocateOk(['install', archive, place, '--replace']);
      expect(readdirSync(parent)).toEqual(['site']);
      expect(existsSync(join(place, 'env/mine'))).toBe(false);
      relocateOk(['verify', place]);
      runOk('rm', ['-rf', parent]);
    },
  );
});
