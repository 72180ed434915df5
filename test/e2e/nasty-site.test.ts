/** The site that hurts: scan, pack and fix end with a verdict for every path, in bounded memory; nothing hangs, nothing is lost. */
import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RELOCATE, relocate, relocateOk, run, runOk } from '../support/cli.ts';
import { usually } from '../support/depth.ts';
import { listing, occurrences } from '../support/listing.ts';

const MEGABYTE = 1024;
/** What no command may use, in kilobytes of resident memory. */
const MEMORY_LIMIT = 300 * MEGABYTE;
/** The size in bytes of a file with nothing but holes and one path: more than a command may hold. */
const SPARSE = usually(400, 1024) * 1024 * 1024;

let folder: string;
let site: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'relocate-nasty-')));
  chmodSync(folder, 0o755);
  site = join(folder, 'site');
  const script = fileURLToPath(new URL('../support/nasty-site.sh', import.meta.url));
  const missing = runOk('sh', [script, site, String(SPARSE)], { timeout: 120_000 });
  if (missing !== '') console.warn(missing);
}, 120_000);
afterAll(() => {
  run('chmod', ['-R', 'u+rwX', folder]);
  runOk('rm', ['-rf', folder]);
});

/** Runs relocate under a meter; peak memory in kilobytes with what it said. */
function metered(args: readonly string[]): {
  readonly status: number;
  readonly kilobytes: number;
  readonly stdout: string;
  readonly stderr: string;
} {
  const meter = [
    'import resource, subprocess, sys',
    'ran = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)',
    'peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss',
    'sys.stdout.buffer.write(ran.stdout); sys.stderr.buffer.write(ran.stderr)',
    'sys.stderr.write("\\n%d %d" % (ran.returncode, peak))',
  ].join('\n');
  const { stdout, stderr } = run('python3', ['-c', meter, process.execPath, RELOCATE, ...args], { timeout: 150_000 });
  const [, status, kilobytes] = /(-?\d+) (\d+)$/.exec(stderr) ?? [];
  return { status: Number(status), kilobytes: Number(kilobytes), stdout, stderr };
}

interface Scanned {
  readonly summary: {
    readonly files: number;
    readonly directories: number;
    readonly symlinks: number;
    readonly byCode: Readonly<Record<string, number>>;
  };
  readonly references: readonly {
    readonly code: string;
    readonly file: string;
    readonly site: { readonly kind: string };
  }[];
}

test('scan counts every path and every occurrence', () => {
  const ran = metered(['scan', site, '--format', 'json']);
  expect(ran.status).toBe(1);
  expect(ran.kilobytes).toBeLessThan(MEMORY_LIMIT);
  const { summary, references }: Scanned = JSON.parse(ran.stdout);
  const count = (type: string): number =>
    Number(runOk('sh', ['-c', 'find "$1" -mindepth 1 -type "$2" -printf x | wc -c', 'sh', site, type]));
  expect(summary).toMatchObject({ files: count('f'), directories: count('d'), symlinks: count('l') });
  expect(summary.byCode['RL903']).toBe(count('p') + count('s') + count('c') + count('b'));
  // grep counts the five neighbours too, and each name of the linked file; it knows nothing of escaped and wide forms
  const escaped = references.filter(({ file }) => ['enc/slash.json', 'enc/utf16.txt', 'enc/utf32.txt'].includes(file));
  expect(escaped).toHaveLength(3);
  const found = references.filter(({ site: { kind } }) => kind === 'text' || kind === 'slot');
  expect(found.length - escaped.length).toBe(occurrences(site, site) - 5 - 1);
});

describe('as another user', () => {
  const asNobody = (args: readonly string[]): ReturnType<typeof run> =>
    run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, RELOCATE, ...args], {
      timeout: 120_000,
    });

  test.skipIf(process.getuid?.() !== 0)('what can not be read is a finding, and fails a pack', () => {
    const { references }: Scanned = JSON.parse(asNobody(['scan', site, '--format', 'json']).stdout);
    expect(references.filter(({ code }) => code === 'RL901').map(({ file }) => file)).toEqual([
      'special/dir000',
      'special/mode000',
    ]);
    const packed = asNobody(['pack', site, '-o', join(folder, 'nobody.tar.gz')]);
    expect(packed.status).not.toBe(0);
    expect(run('ls', [join(folder, 'nobody.tar.gz')]).status).not.toBe(0);
  });

  test.skipIf(process.getuid?.() !== 0)('what can not be written is refused before anything is changed', () => {
    const before = listing(site, { own: true });
    const ran = asNobody(['fix', site]);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain('can not be written to');
    expect(listing(site, { own: true })).toBe(before);
  });
});

test('fix and undo give everything back', () => {
  const before = listing(site, { own: true });
  const ran = metered(['fix', site]);
  expect([0, 1]).toContain(ran.status);
  expect(ran.kilobytes).toBeLessThan(MEMORY_LIMIT);
  const { references }: { references: readonly { fix: string }[] } = JSON.parse(
    relocateOk(['scan', site, '--format', 'json'], [1]),
  );
  expect(references.filter(({ fix }) => fix === 'relative')).toEqual([]);
  relocateOk(['undo', site]);
  expect(listing(site, { own: true })).toBe(before);
});

test('pack has a verdict for every path, and install brings back what was packed', () => {
  const archive = join(folder, 'site.tar.gz');
  const ran = metered(['pack', site, '-o', archive, '--format', 'json']);
  expect(ran.stderr).toContain('0 ');
  expect(ran.status).toBe(0);
  expect(ran.kilobytes).toBeLessThan(MEMORY_LIMIT);
  expect(Number(runOk('stat', ['-c', '%s', archive]))).toBeLessThan(20 * 1024 * 1024);
  const names = (tree: string, ...but: string[]): string[] =>
    runOk('find', ['.', '-path', './.relocate', '-prune', '-o', ...but, '-printf', '%y %P\\0'], { cwd: tree })
      .split('\0')
      .sort();
  const place = join(folder, 'placed');
  const installed = metered(['install', archive, place, '--allow-special']);
  expect(installed.status, installed.stderr).toBe(0);
  expect(installed.kilobytes).toBeLessThan(MEMORY_LIMIT);
  expect(names(place)).toEqual(names(site, '!', '-type', 's'));
  expect(Number(runOk('stat', ['-c', '%b', join(place, 'special/sparse')]))).toBeLessThan(2048);
  expect(runOk('cat', [join(place, 'etc/site.ini')])).toBe(`root=${place}\n`);
  expect(relocate(['verify', place]).status).toBe(0);
});
