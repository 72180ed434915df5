/** install: one transaction, and a tree that can be verified, moved and installed again. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ESCAPINGS, escapePath } from '../src/formats/escaping.ts';
import { withLock } from '../src/io/lock.ts';
import { asTreePath } from '../src/model/path.ts';
import { apply } from '../src/stages/apply.ts';
import { install, recoverInstall } from '../src/stages/install.ts';
import { pack, type PackOptions } from '../src/stages/pack.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { verify } from '../src/stages/verify.ts';
import { craftTar, file, folder as crafted } from './support/archives.ts';
import { relocate, run, runOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { filesWith, listing } from './support/listing.ts';
import { makePackage, recordMismatches } from './support/package.ts';

let folder: string;
let tree: string;
let archive: string;
let parent: string;
let place: string;
beforeEach(() => {
  folder = temporaryFolder();
  tree = join(folder, 'build/site');
  archive = join(folder, 'site.tar.gz');
  parent = join(folder, 'srv');
  place = join(parent, 'my site');
  mkdirSync(parent);
  writeTree(tree, {
    'etc/app.conf': `root ${tree}/data\n`,
    'etc/url.txt': `file://${tree}/a%20b\n`,
    'data/x': 'x',
    'ro/x': 'ro',
  });
  makePackage(tree, 'lib/python3.11/site-packages');
  symlinkSync(join(tree, 'etc'), join(tree, 'config'));
  chmodSync(join(tree, 'ro'), 0o555);
});

async function packed(options: Partial<PackOptions> = {}): Promise<void> {
  await pack(tree, { output: archive, jobs: 1, ...options });
}

describe('a new tree', () => {
  test('says its place, in every file that needs it, and no other', async () => {
    await packed();
    const { outcome, receipt } = await install(archive, place);
    expect(outcome).toBe('installed');
    expect(receipt).toMatchObject({ place, warnings: [] });
    expect(readFileSync(join(place, 'etc/app.conf'), 'utf8')).toBe(`root ${place}/data\n`);
    expect(readFileSync(join(place, 'etc/url.txt'), 'utf8')).toBe(`file://${encodeURI(place)}/a%20b\n`);
    expect(recordMismatches(place)).toEqual([]);
    expect(filesWith(place, tree)).toEqual([]);
    expect(filesWith(place, '@@RELOCATE_PREFIX@@')).toEqual([]);
    expect(await verify(place)).toMatchObject({ ok: true, differences: [] });
    expect(readdirSync(parent)).toEqual(['my site']);
  });

  test('has the modes, links and times of the build, to the microsecond', async () => {
    runOk(
      'sh',
      [
        '-c',
        'ln data/x data/y; touch -d "2008-07-21 12:34:56.123456 UTC" data/x; mkfifo fifo; chmod 1777 etc; chmod 600 data; ln -s ../../outside data/out',
      ],
      { cwd: tree },
    );
    await packed();
    await install(archive, place);
    const format = '%p|%y|%m|%TY-%Tm-%Td %TH:%TM:%TS|%l\\n';
    const find = `find . -path ./.relocate -prune -o -mindepth 1 -printf '${format}' | cut -c 1-1000 | sed 's/\\(\\.[0-9]\\{6\\}\\)[0-9]*|/\\1|/' | sort`;
    const shown = (root: string): string => runOk('sh', ['-c', find], { cwd: root });
    expect(shown(place)).toBe(shown(tree).replace(`|${tree}/etc`, '|etc'));
    expect(statSync(join(place, 'data/x')).ino).toBe(statSync(join(place, 'data/y')).ino);
    // what follows the microseconds depends on the release of Node
    expect(runOk('stat', ['-c', '%.9Y', join(place, 'data/x')])).toMatch(/^1216643696\.123456/);
  });

  test('gets sparse files back as such, and special powers where they are allowed', async () => {
    runOk(
      'sh',
      [
        '-c',
        'truncate -s 200M sparse; echo x >> sparse; cp /bin/true setuid; chmod 4755 setuid; cp /bin/true cap; setcap cap_net_bind_service+ep cap; mknod null c 1 3; setfattr -n user.note -v hi data/x',
      ],
      { cwd: tree },
    );
    await packed();
    await expect(install(archive, place)).rejects.toMatchObject({
      code: 'requirement',
      message: expect.stringContaining('--allow-special'),
    });
    expect(readdirSync(parent)).toEqual([]);
    await install(archive, place, { allowSpecial: true });
    expect(statSync(join(place, 'sparse')).blocks).toBeLessThan(1000);
    expect(lstatSync(join(place, 'setuid')).mode & 0o7777).toBe(0o4755);
    expect(runOk('getcap', [join(place, 'cap')])).toContain('cap_net_bind_service=ep');
    expect(runOk('stat', ['-c', '%t:%T', join(place, 'null')])).toBe('1:3\n');
    expect(runOk('getfattr', ['--only-values', '-n', 'user.note', join(place, 'data/x')])).toBe('hi');
  });

  test('has owners back where they were kept', async () => {
    runOk('chown', ['12345:54321', join(tree, 'data/x')]);
    await packed({ preserveOwner: true });
    await install(archive, place);
    expect(statSync(join(place, 'data/x'))).toMatchObject({ uid: 12345, gid: 54321 });
  });

  test('may come into an empty folder', async () => {
    await packed();
    mkdirSync(place);
    expect((await install(archive, place)).outcome).toBe('installed');
  });

  test.each(ESCAPINGS)('writes the place as %s', async (escaping) => {
    const written = escapePath('@@RELOCATE_PREFIX@@', escaping) ?? Buffer.alloc(0);
    const body = Buffer.concat([Buffer.from('root=\0\0\0'), written, Buffer.from('\0\0\0/x')]);
    const site = { start: 8, end: 8 + written.length, escaping, base: asTreePath('') };
    writeFileSync(archive, craftTar([file('a', body, { sites: [site] })]));
    const plain = join(parent, 'site');
    await install(archive, plain);
    const expected = Buffer.concat([
      Buffer.from('root=\0\0\0'),
      escapePath(plain, escaping) ?? Buffer.alloc(0),
      Buffer.from('\0\0\0/x'),
    ]);
    expect(readFileSync(join(plain, 'a')).equals(expected)).toBe(true);
  });
});

describe('fixed slots', () => {
  const site = { escaping: 'plain' as const, base: asTreePath('') };
  const origin = `/srv/build/${'long/'.repeat(20)}site`;

  function slotArchive(padding: 'slash' | 'nul'): void {
    const body = Buffer.from(`\u007fELF${origin}/share\0next\0`, 'latin1');
    const start = 4;
    const end = start + origin.length;
    const sites = [{ ...site, start, end, slot: { slotEnd: end + 6, padding, tail: '/share' } }];
    const origins = [{ path: origin, base: asTreePath('') }];
    writeFileSync(
      archive,
      craftTar([file('lib.so', body, { sites, remains: 1 })], {
        manifest: (manifest) => ({ ...manifest, origins, maxPrefixBytes: origin.length }),
      }),
    );
  }

  test.each(['slash', 'nul'] as const)('are padded with %s, and nothing behind them moves', async (padding) => {
    slotArchive(padding);
    const short = join(parent, 's');
    await install(archive, short);
    const bytes = readFileSync(join(short, 'lib.so')).toString('latin1');
    const spare = origin.length - short.length;
    expect(bytes).toBe(
      padding === 'slash'
        ? `\u007fELF${short}${'/'.repeat(spare)}/share\0next\0`
        : `\u007fELF${short}/share${'\0'.repeat(spare)}\0next\0`,
    );
    expect((await verify(short)).ok).toBe(true);
  });

  test('that are too short refuse the place before anything is written', async () => {
    slotArchive('slash');
    await expect(install(archive, join(parent, 'a'.repeat(120)))).rejects.toMatchObject({
      code: 'requirement',
      message: expect.stringMatching(/the longest destination that fits has 115 bytes, and \/.* has \d+ \(limited by/),
    });
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('the place', () => {
  test('that holds something is refused, and what is there stays', async () => {
    await packed();
    mkdirSync(place);
    writeFileSync(join(place, 'mine'), 'mine');
    const before = listing(parent);
    await expect(install(archive, place)).rejects.toMatchObject({
      code: 'requirement',
      message: expect.stringContaining('--replace'),
    });
    expect(listing(parent)).toBe(before);
  });

  test.each(['file', 'symlink'])('that is a %s is refused, also with --replace', async (type) => {
    await packed();
    if (type === 'file') writeFileSync(place, 'x');
    else symlinkSync(tree, place);
    for (const replace of [false, true])
      await expect(install(archive, place, { replace })).rejects.toMatchObject({ code: 'requirement' });
    expect(readdirSync(parent)).toEqual(['my site']);
  });

  test('that holds the archive itself is not replaced', async () => {
    await packed();
    const before = listing(folder);
    await expect(install(archive, folder, { replace: true })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('the archive lies in'),
    });
    expect(listing(folder)).toBe(before);
  });

  test('may be named through a link', async () => {
    await packed();
    symlinkSync(parent, join(folder, 'alias'));
    expect(await install(archive, join(folder, 'alias/site'))).toMatchObject({ outcome: 'installed' });
  });

  test('with an empty name is a mistake, not the working directory', async () => {
    await packed();
    await expect(install(archive, '')).rejects.toMatchObject({ code: 'usage' });
    await expect(scan('')).rejects.toMatchObject({ code: 'usage' });
  });

  test('whose folder is not there is refused', async () => {
    await packed();
    await expect(install(archive, join(parent, 'none/site'))).rejects.toMatchObject({ code: 'requirement' });
  });

  test('that would make paths too long is refused', async () => {
    writeFileSync(archive, craftTar([...longFolders(4000)]));
    await expect(install(archive, join(parent, 'x'.repeat(100)))).rejects.toMatchObject({
      code: 'requirement',
      message: expect.stringContaining('shorter place'),
    });
    writeFileSync(archive, craftTar([...longFolders(3800)]));
    await install(archive, place);
    expect((await verify(place)).ok).toBe(true);
  });
});

function* longFolders(length: number): Generator<ReturnType<typeof crafted>> {
  let path = '';
  for (let i = 0; path.length < length; i++) {
    path = `${path}${path === '' ? '' : '/'}${'d'.repeat(Math.min(200, length - path.length))}`;
    yield crafted(path);
  }
}

describe('again', () => {
  test('the same archive at the same place is nothing to do', async () => {
    await packed();
    await install(archive, place);
    const before = listing(parent, { own: true });
    expect((await install(archive, place)).outcome).toBe('unchanged');
    expect(listing(parent, { own: true })).toBe(before);
  });

  test('but not where a file was changed, or the archive is another', async () => {
    await packed();
    await install(archive, place);
    appendFileSync(join(place, 'data/x'), 'more');
    await expect(install(archive, place)).rejects.toMatchObject({ code: 'requirement' });
    expect((await install(archive, place, { replace: true })).outcome).toBe('replaced');
    expect(readFileSync(join(place, 'data/x'), 'utf8')).toBe('x');
    appendFileSync(join(tree, 'data/x'), 'new');
    await packed();
    expect((await install(archive, place, { replace: true })).outcome).toBe('replaced');
    expect(readdirSync(parent)).toEqual(['my site']);
  });

  test('an old tree is kept where the new one can not be installed', async () => {
    await packed();
    await install(archive, place);
    const before = listing(parent, { own: true });
    writeFileSync(archive, craftTar([file('a', 'x')], { tar: (tar) => Buffer.concat([tar, Buffer.from('x')]) }));
    await expect(install(archive, place, { replace: true })).rejects.toMatchObject({ rule: 'tar-trailing' });
    expect(listing(parent, { own: true }).split('\n').slice(1)).toEqual(before.split('\n').slice(1));
  });

  test('from the installed place, packed and installed elsewhere', async () => {
    await packed();
    await install(archive, place);
    const second = join(folder, 'second.tar.gz');
    await pack(place, { output: second, jobs: 1 });
    const other = join(parent, 'a place of another length');
    await install(second, other);
    expect(filesWith(other, place)).toEqual([]);
    expect(recordMismatches(other)).toEqual([]);
    expect((await verify(other)).ok).toBe(true);
  });

  test('moved on by mv and fix, it can still be verified', async () => {
    await packed();
    await install(archive, place);
    const moved = join(parent, 'moved');
    renameSync(place, moved);
    expect((await verify(moved)).differences.map(({ kind }) => kind)).toContain('leftover');
    const found = await scan(moved, { jobs: 1 });
    await apply(plan(found));
    expect(filesWith(moved, place)).toEqual([]);
    expect(await verify(moved)).toMatchObject({ ok: true, differences: [] });
  });
});

describe('cut short', () => {
  test('while the tree is put together: the next install clears it away', async () => {
    await packed();
    writeTree(parent, { '.my site.relocate-0123abcd.new/half': 'half' });
    chmodSync(join(parent, '.my site.relocate-0123abcd.new'), 0o000);
    await install(archive, place);
    expect(readdirSync(parent)).toEqual(['my site']);
  });

  test('between the two renames: recover finishes with a complete tree, and takes back otherwise', async () => {
    await packed();
    await install(archive, place);
    const [old, fresh] = [
      join(parent, '.my site.relocate-0123abcd.old'),
      join(parent, '.my site.relocate-0123abcd.new'),
    ];
    runOk('cp', ['-a', place, fresh]);
    renameSync(place, old);
    writeFileSync(join(fresh, 'data/x'), 'new');
    expect(await recoverInstall(place)).toMatchObject({ outcome: 'finished' });
    expect(readFileSync(join(place, 'data/x'), 'utf8')).toBe('new');
    expect(readdirSync(parent)).toEqual(['my site']);

    renameSync(place, old);
    mkdirSync(fresh);
    expect(await recoverInstall(place)).toMatchObject({ outcome: 'taken-back' });
    expect(readFileSync(join(place, 'data/x'), 'utf8')).toBe('new');
    expect(readdirSync(parent)).toEqual(['my site']);
  });

  test('behind the second rename: the old tree goes', async () => {
    await packed();
    await install(archive, place);
    writeTree(parent, { '.my site.relocate-0123abcd.old/x': 'old' });
    expect(await recoverInstall(place)).toMatchObject({ outcome: 'finished' });
    expect(await recoverInstall(place)).toMatchObject({ outcome: 'nothing' });
    expect(readdirSync(parent)).toEqual(['my site']);
  });

  test('names of others beside the place are left alone', async () => {
    await packed();
    writeTree(parent, { '.my site.relocate-notes': 'mine', '.my site 2.relocate-0123abcd.new/x': 'mine' });
    await install(archive, place);
    expect(readdirSync(parent).sort()).toEqual([
      '.my site 2.relocate-0123abcd.new',
      '.my site.relocate-notes',
      'my site',
    ]);
  });

  test('an abort leaves nothing', async () => {
    for (let i = 0; i < 300; i++) writeFileSync(join(tree, `data/${i}`), Buffer.alloc(200_000, i));
    await packed();
    const controller = new AbortController();
    const aborted = install(archive, place, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'interrupted' });
    expect(readdirSync(parent)).toEqual([]);
  });

  test('two at a time: the second is told', async () => {
    await packed();
    await withLock(join(parent, '.my site.relocate-lock'), 'install', async () => {
      await expect(install(archive, place)).rejects.toMatchObject({ code: 'locked' });
    });
    expect(existsSync(place)).toBe(false);
  });
});

describe('the Python of a virtualenv', () => {
  const python = runOk('sh', ['-c', 'readlink -f "$(command -v python3)" | head -1']).trim();
  const base = runOk(python, ['-c', 'import sys; print(sys._base_executable)']).trim();

  beforeEach(() => runOk(base, ['-m', 'venv', '--without-pip', join(tree, 'env')]));

  test('is a requirement: where it is missing, install says what is needed', async () => {
    await packed();
    const missing = join(folder, 'gone/python3');
    runOk('sh', [
      '-c',
      'ln -sfn "$2" "$1/env/bin/python3"; sed -i "s#^home = .*#home = ${2%/*}#" "$1/env/pyvenv.cfg"',
      'sh',
      tree,
      missing,
    ]);
    await packed();
    await expect(install(archive, place)).rejects.toMatchObject({
      code: 'requirement',
      message: expect.stringMatching(/needs .*Python 3\.\d+ at .*gone\/python3.*--python/),
    });
    await install(archive, place, { pythons: [base] });
    expect(runOk(join(place, 'env/bin/python'), ['-c', 'import sys; print(sys.prefix)'])).toBe(`${place}/env\n`);
    expect(readFileSync(join(place, 'env/pyvenv.cfg'), 'utf8')).toContain(
      `home = ${base.slice(0, base.lastIndexOf('/'))}\n`,
    );
    expect((await verify(place)).ok).toBe(true);
  });

  test('that can not be started ends the install at once', async () => {
    await packed();
    const ran = relocate(['install', archive, place, '--python', '/nope'], { timeout: 15_000 });
    expect(ran).toMatchObject({ status: 2, stderr: "relocate: /nope can't be run as a Python\n" });
  });

  test('of another version is refused', async () => {
    await packed();
    const other = run('sh', ['-c', 'ls -d ~/.pyenv/versions/3.*/bin/python3 /usr/bin/python3.* 2>/dev/null'])
      .stdout.split('\n')
      .find((path) => path !== '' && run(path, ['-V']).stdout.split('.')[1] !== run(base, ['-V']).stdout.split('.')[1]);
    if (other === undefined) return;
    await expect(install(archive, place, { pythons: [other] })).rejects.toMatchObject({
      code: 'requirement',
      message: expect.stringContaining('which nothing in the tree asks for'),
    });
    expect(readdirSync(parent)).toEqual([]);
  });

  test('runs where the old place is hidden', async () => {
    await packed();
    await install(archive, place);
    const verdict = await verify(place, { run: true });
    expect(verdict).toMatchObject({ ok: true, programs: [{ program: 'env/bin/python', ok: true }] });
  });
});
