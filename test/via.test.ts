/** The short link to a tree that is longer than its slots: made and switched with the tree, checked by verify, known to fix. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { install, recoverInstall, type InstallOptions } from '../src/stages/install.ts';
import { pack } from '../src/stages/pack.ts';
import { verify } from '../src/stages/verify.ts';
import { relocate, RELOCATE, relocateOk, run, runOk, type Ran } from './support/cli.ts';
import { writeElf } from './support/elf-writer.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { listing } from './support/listing.ts';
import { has } from './support/moved-tree.ts';

const SCRIPT = fileURLToPath(new URL('../assets/install.sh', import.meta.url));

let folder: string;
let tree: string;
let archive: string;
/** Longer than the place of the build. */
let place: string;
let link: string;
beforeEach(async () => {
  folder = temporaryFolder();
  tree = join(folder, 'build/the-site');
  archive = join(folder, 'site.tar.gz');
  place = join(folder, 'srv/a-place-that-is-longer-than-that-of-the-build/site');
  link = join(folder, 'o/site');
  for (const path of [place, link]) mkdirSync(join(path, '..'), { recursive: true });
  writeTree(tree, {
    'etc/app.conf': `root ${tree}/data\n`,
    'lib/slots.so': writeElf({ constants: [`${tree}/share`, `${tree}/lib:${tree}/x`], sections: true }),
    'lib/more.so': writeElf({ constants: [`${tree}/more`], sections: true }),
  });
  await pack(tree, { output: archive, jobs: 1 });
});

/** The strings of a file, the slashes of padding as one. */
function slotsOf(root: string): string[] {
  const text = readFileSync(join(root, 'lib/slots.so'), 'latin1');
  return text
    .replace(/\/{2,}/g, '/')
    .split('\0')
    .filter((slot) => slot.startsWith('/'));
}

/** Refused with these words, and nothing is another than it was. */
function refuses(words: string, args: readonly string[]): void {
  const before = listing(folder, { own: true });
  const { status, stderr } = relocate(args);
  expect(stderr).toContain(words);
  expect(status).toBe(2);
  expect(listing(folder, { own: true })).toBe(before);
}

async function refusesLink(words: string, path: string, options: InstallOptions = {}): Promise<void> {
  const before = listing(folder, { own: true });
  await expect(install(archive, place, { ...options, via: path })).rejects.toThrow(words);
  expect(listing(folder, { own: true })).toBe(before);
}

describe('a place that is too long', () => {
  test('is refused with what limits it and the way out, and nothing is written', () => {
    refuses(
      `the longest destination that fits has ${tree.length} bytes, and ${place} has ${place.length} (limited by lib/more.so and 1 more); use a shorter path, or a short link to it: --via`,
      ['install', archive, place],
    );
  });

  test('is written where text says it, and the link to it where slots have no room', async () => {
    const { receipt } = await install(archive, place, { via: link });
    expect(receipt).toMatchObject({ place, via: link, warnings: [] });
    expect(readFileSync(join(place, 'etc/app.conf'), 'utf8')).toBe(`root ${place}/data\n`);
    expect(slotsOf(place)).toEqual([`${link}/share`, `${link}/lib:${link}/x`]);
    expect(readlinkSync(link)).toBe(place);
    expect(readdirSync(join(link, '..'))).toEqual(['site']);
    expect(readdirSync(join(place, '..'))).toEqual(['site']);
    expect(await verify(place)).toMatchObject({ ok: true, differences: [] });
    expect(await install(archive, place, { via: link })).toMatchObject({ outcome: 'unchanged' });
  });

  test.skipIf(!has('gcc'))('is found by a program that was compiled with another', async () => {
    writeTree(folder, {
      'main.c': `#include <stdio.h>\nint main(void) { FILE *f = fopen("${tree}/data/text", "r"); char s[9]; return f && fgets(s, 9, f) ? puts(s) < 0 : 1; }\n`,
    });
    mkdirSync(join(tree, 'bin'));
    runOk('gcc', ['-o', join(tree, 'bin/x'), join(folder, 'main.c')]);
    writeTree(tree, { 'data/text': 'found' });
    await pack(tree, { output: archive, jobs: 1 });
    renameSync(tree, `${tree}-gone`);
    relocateOk(['install', archive, place, '--via', link]);
    expect(runOk(join(place, 'bin/x'), [])).toBe('found\n');
    unlinkSync(link);
    expect(run(join(place, 'bin/x'), []).status).toBe(1);
  });
});

describe('verify', () => {
  test('says where the link is not, or leads elsewhere', async () => {
    await install(archive, place, { via: link });
    unlinkSync(link);
    const missing = relocate(['verify', place]);
    expect(missing.status).toBe(1);
    expect(missing.stdout.replace(/\s+/g, ' ')).toContain(`${link}, by which fixed slots name the tree, leads nowhere`);
    symlinkSync(folder, link);
    expect((await verify(place)).differences).toMatchObject([
      { kind: 'via', note: expect.stringContaining(`leads to ${folder};`) as string },
    ]);
    unlinkSync(link);
    symlinkSync('../srv/a-place-that-is-longer-than-that-of-the-build/site', link);
    expect(await verify(place)).toMatchObject({ ok: true });
  });
});

describe('a link is refused', () => {
  test.each([
    ['whose folder is not there', () => join(folder, 'none/site'), `the folder`],
    ['that is something else', () => (writeFileSync(link, ''), link), 'is something else than a symlink'],
    ['that leads elsewhere', () => (symlinkSync(tree, link), link), '--replace'],
    ['that lies in the tree', () => join(place, 'link'), 'is not there'],
    ['that is the place', () => place, 'lie in one another'],
    ['in which the place lies', () => join(folder, 'srv'), 'lie in one another'],
    ['that is too long itself', () => join(folder, `o/${'x'.repeat(200)}`), `the longest link that fits has`],
    ['of one name', () => '/relocate-test-link', 'has one name only'],
  ])('%s', async (_, make, words) => {
    await refusesLink(words, make());
  });

  test('that leads to what relocate did not install, also with --replace', async () => {
    symlinkSync(tree, link);
    await refusesLink('which is no tree that relocate installed', link, { replace: true });
  });
});

describe('releases', () => {
  test('follow each other behind one link, each in its own place or in the same', async () => {
    const [first, second] = [`${place}-1`, `${place}-2`];
    await install(archive, first, { via: link });
    refuses('--replace makes it lead to the new tree', ['install', archive, second, '--via', link]);
    await install(archive, second, { via: link, replace: true });
    expect(readlinkSync(link)).toBe(second);
    expect(await verify(second)).toMatchObject({ ok: true });
    expect((await verify(first)).differences).toMatchObject([{ kind: 'via' }]);
    writeFileSync(join(second, 'etc/app.conf'), 'mine');
    expect(await install(archive, second, { via: link, replace: true })).toMatchObject({ outcome: 'replaced' });
    expect(readdirSync(join(link, '..'))).toEqual(['site']);
    expect(readdirSync(join(second, '..')).toSorted()).toEqual(['site-1', 'site-2']);
    expect(await verify(second)).toMatchObject({ ok: true });
  });

  test('of which one is gone leave a link that may be used', async () => {
    await install(archive, place, { via: link });
    rmSync(place, { recursive: true });
    symlinkSync(join(folder, 'gone'), `${link}.new`);
    renameSync(`${link}.new`, link);
    await install(archive, place, { via: link, replace: true });
    expect(readlinkSync(link)).toBe(place);
  });
});

describe('an install that was cut short', () => {
  /** What stands beside the place while a link is switched. */
  const beside = (ending: string): string => join(place, `../.site.relocate-0a1b.${ending}`);

  test('with the link made and the tree not there is taken back', async () => {
    await install(archive, place, { via: link });
    renameSync(place, beside('new'));
    symlinkSync(link, beside('via'));
    expect(await recoverInstall(place)).toMatchObject({ outcome: 'taken-back' });
    expect(lstatSync(link, { throwIfNoEntry: false })).toBeUndefined();
    expect(readdirSync(join(place, '..'))).toEqual([]);
  });

  test('with the tree there and the link still another’s is finished', async () => {
    await install(archive, `${place}-1`, { via: link });
    await install(archive, place, { via: link, replace: true });
    unlinkSync(link);
    symlinkSync(`${place}-1`, link);
    symlinkSync(link, beside('via'));
    symlinkSync(place, join(link, '../.relocate-0a1b.via'));
    expect(relocateOk(['recover', place])).toContain('finished');
    expect(readlinkSync(link)).toBe(place);
    expect(readdirSync(join(link, '..'))).toEqual(['site']);
    expect(readdirSync(join(place, '..')).toSorted()).toEqual(['site', 'site-1']);
    expect(await verify(place)).toMatchObject({ ok: true });
  });

  test('and that would have replaced a tree leaves that one with no link that it did not have', async () => {
    await pack(tree, { output: archive, jobs: 1, exclude: ['lib/**'] });
    await install(archive, place);
    const before = listing(place, { own: true });
    symlinkSync(link, beside('via'));
    symlinkSync(place, link);
    mkdirSync(beside('new'));
    expect(await recoverInstall(place)).toMatchObject({ outcome: 'taken-back' });
    expect(readdirSync(join(link, '..'))).toEqual([]);
    expect(readdirSync(join(place, '..'))).toEqual(['site']);
    expect(listing(place, { own: true })).toBe(before);
  });
});

test('killed at any moment, a link that served a tree serves one, and recover leaves the old state or the new', async () => {
  const first = `${place}-1`;
  await install(archive, first, { via: link });
  const args = [process.execPath, RELOCATE, 'install', archive, place, '--via', link, '--replace'];
  const start = performance.now();
  runOk('env', args);
  const duration = (performance.now() - start) / 1000;
  for (let moment = 0; moment < 6; moment++) {
    const before = moment % 2 === 0 ? first : undefined;
    rmSync(place, { recursive: true, force: true });
    rmSync(link, { force: true });
    if (before !== undefined) symlinkSync(before, link);
    // most of the time goes by before anything is written
    run('timeout', ['-s', 'KILL', String(duration * (0.5 + (moment + Math.random()) / 12)), ...args]);
    if (before !== undefined) expect(slotsOf(link)).toEqual([`${link}/share`, `${link}/lib:${link}/x`]);
    await recoverInstall(place);
    const after = lstatSync(link, { throwIfNoEntry: false }) === undefined ? undefined : readlinkSync(link);
    expect(after).toBe(existsSync(place) ? place : before);
    if (existsSync(place)) expect(await verify(place)).toMatchObject({ ok: true });
    expect(readdirSync(join(place, '..')).toSorted()).toEqual(existsSync(place) ? ['site', 'site-1'] : ['site-1']);
    expect(readdirSync(join(link, '..'))).toEqual(after === undefined ? [] : ['site']);
  }
});

describe('fix', () => {
  test('after a move leaves slots alone whose link was made to follow, and the tree is right again', async () => {
    await install(archive, place, { via: link });
    const moved = `${place}-that-was-moved`;
    renameSync(place, moved);
    const lost = relocate(['fix', moved, '--dry-run']);
    expect(lost.status).toBe(1);
    expect(lost.stdout.replace(/\s+/g, ' ')).toContain(
      `has ${tree.length} bytes (limited by lib/more.so); for a longer one make a short link`,
    );
    unlinkSync(link);
    symlinkSync(moved, link);
    relocateOk(['fix', moved]);
    expect(readFileSync(join(moved, 'etc/app.conf'), 'utf8')).toBe(`root ${moved}/data\n`);
    expect(slotsOf(moved)).toEqual([`${link}/share`, `${link}/lib:${link}/x`]);
    expect(await verify(moved)).toMatchObject({ ok: true, differences: [] });
    const after = listing(moved, { own: true });
    relocateOk(['fix', moved]);
    expect(listing(moved, { own: true })).toBe(after);
  });

  test('after a move to where all fits, with the link gone, writes the place again and forgets the link', async () => {
    await install(archive, place, { via: link });
    const moved = join(folder, 'short');
    renameSync(place, moved);
    unlinkSync(link);
    relocateOk(['fix', moved]);
    expect(slotsOf(moved)).toEqual([`${moved}/share`, `${moved}/lib:${moved}/x`]);
    expect(await verify(moved)).toMatchObject({ ok: true, differences: [] });
  });

  test('without room for the place takes a link that is there, and undo brings everything back', () => {
    const moved = join(folder, 'a-place-that-is-longer-than-that-of-the-build-of-the-site');
    renameSync(tree, moved);
    const before = listing(moved, { own: true });
    const fix = ['fix', moved, '--from', tree];
    expect(relocate([...fix, '--dry-run'])).toMatchObject({ status: 1 });
    refuses(`make it first: ln -sfn ${moved} ${link}`, [...fix, '--via', link]);
    refuses('is the tree or lies in it', [...fix, '--via', moved]);
    symlinkSync(moved, link);
    relocateOk([...fix, '--via', link]);
    expect(slotsOf(moved)).toEqual([`${link}/share`, `${link}/lib:${link}/x`]);
    expect(readFileSync(join(moved, 'etc/app.conf'), 'utf8')).toBe(`root ${moved}/data\n`);
    const after = listing(moved, { own: true });
    relocateOk(['fix', moved]);
    expect(listing(moved, { own: true })).toBe(after);
    relocateOk(['undo', moved]);
    expect(listing(moved, { own: true })).toBe(before);
  });
});

/** Files of an installed tree that say where it is. */
const MADE = ['.relocate/tree.json', '.relocate/rendered.list', 'etc/app.conf', 'lib/slots.so', 'lib/more.so'];

describe.each(['dash', 'bash', 'busybox sh'])('install.sh under %s', (shell) => {
  const sh = (args: readonly string[]): Ran => run('/usr/bin/env', [...shell.split(' '), SCRIPT, ...args]);

  test('makes the same tree and the same link', async () => {
    await install(archive, place, { via: link });
    const made = (): string[] => MADE.map((path) => readFileSync(join(place, path), 'latin1'));
    const before = made();
    rmSync(place, { recursive: true });
    expect(sh(['--via', link, archive, place])).toMatchObject({ status: 0, stderr: '' }); // the link leads there already
    expect(made()).toEqual(before);
    rmSync(place, { recursive: true });
    unlinkSync(link);
    expect(sh([`--via=${link}`, archive, place])).toMatchObject({ status: 0, stderr: '' });
    expect(readlinkSync(link)).toBe(place);
    expect(await verify(place)).toMatchObject({ ok: true, differences: [] });
  });

  test('refuses what does not fit, and leaves nothing behind', () => {
    const names = (): string => runOk('find', [folder]);
    const before = names();
    for (const [args, words] of [
      [[], 'a short link to it: --via LINK'],
      [['--via', join(folder, `o/${'x'.repeat(200)}`)], 'the link needs'],
      [['--via', join(folder, 'none/site')], 'is not there'],
      [['--via', join(folder, 'srv')], 'lies in the link'],
      [['--via', join(folder, 'build')], 'is something else'],
      [['--via', '/relocate-test-link'], 'has one name only'],
    ] as const) {
      const ran = sh([...args, archive, place]);
      expect(ran.stderr).toContain(words);
      expect(ran).toMatchObject({ status: 2, stdout: '' });
      expect(names()).toBe(before);
    }
    symlinkSync(tree, link);
    expect(sh(['--via', link, archive, place]).stderr).toContain('leads elsewhere already');
    expect(existsSync(place)).toBe(false);
  });
});
