/** install.sh: the same tree as `install` makes, on a host that has a shell and small tools alone. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { writeElf } from './support/elf-writer.ts';
import { writeAbsolute } from '../src/formats/absolute-form.ts';
import { decodeBytes } from '../src/formats/byte-text.ts';
import { ESCAPINGS, escapePath } from '../src/formats/escaping.ts';
import { asTreePath } from '../src/model/path.ts';
import type { Escaping } from '../src/model/reference.ts';
import { install } from '../src/stages/install.ts';
import { pack } from '../src/stages/pack.ts';
import { verify } from '../src/stages/verify.ts';
import { craftTar, file } from './support/archives.ts';
import { run, runOk, type Ran } from './support/cli.ts';
import { usually } from './support/depth.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { filesWith, listing } from './support/listing.ts';
import { makePackage, recordMismatches } from './support/package.ts';

const SCRIPT = fileURLToPath(new URL('../assets/install.sh', import.meta.url));
const SHELLS = ['dash', 'bash', 'busybox sh'];

let folder: string;
let tree: string;
let archive: string;
let parent: string;
beforeEach(() => {
  folder = temporaryFolder();
  tree = join(folder, 'build/the site');
  archive = join(folder, 'site.tar.gz');
  parent = join(folder, 'srv');
  mkdirSync(parent);
});

function sh(shell: string, args: readonly string[], env?: Readonly<Record<string, string>>): Ran {
  const [program = '', ...words] = shell.split(' ');
  return run(`/usr/bin/${program}`, [...words, ...args], env === undefined ? {} : { env });
}

function shOk(shell: string, args: readonly string[], env?: Readonly<Record<string, string>>): void {
  const ran = sh(shell, args, env);
  expect(ran, ran.stderr).toMatchObject({ status: 0 });
}

/** A tree with what is hard for a shell: awkward names, read-only files, hard links, a library with a slot, a RECORD. */
async function makeArchive(): Promise<void> {
  const text = `root ${tree}/data\n`;
  writeTree(tree, {
    'etc/a.conf': text,
    'etc/-rf': text,
    'etc/ spaces  ': text,
    'etc/quote\'"$x`': text,
    'etc/new\nline': text,
    'etc/back\\slash': text,
    'etc/ünïcode': text,
  });
  writeTree(tree, {
    'etc/cr\r': text,
    'data/new\nline\n': 'x',
    'etc/read-only': text,
    'lib/lib.so': writeElf({ constants: [`${tree}/share`, 'tail'], sections: true }),
  });
  writeTree(tree, {
    'etc/wide.ini': Buffer.from(`\ufeffroot=${tree}/x\r\n`, 'utf16le'),
    'etc/many.txt': `${tree}/x `.repeat(200),
    'etc/big.txt': `${tree}/x\n${'filler\n'.repeat(400_000)}${tree}/y\n`,
  });
  makePackage(tree, 'lib/python3.11/site-packages');
  chmodSync(join(tree, 'etc/read-only'), 0o444);
  runOk('sh', ['-c', 'ln etc/a.conf etc/linked; touch -d "2008-07-21 12:00" etc/a.conf'], { cwd: tree });
  await pack(tree, { output: archive, jobs: 1 });
}

describe.each(SHELLS)('under %s', (shell) => {
  test('installs the tree that install installs', async () => {
    await makeArchive();
    const [one, two] = [join(parent, 'a'), join(parent, 'b')];
    await install(archive, one);
    shOk(shell, [SCRIPT, archive, two]);
    expect(await verify(two)).toMatchObject({ ok: true, differences: [] });
    expect(recordMismatches(two)).toEqual([]);
    expect(filesWith(two, tree)).toEqual([]);
    expect(runOk('stat', ['-c', '%a %h %Y', join(two, 'etc/a.conf'), join(two, 'etc/read-only')])).toBe(
      runOk('stat', ['-c', '%a %h %Y', join(one, 'etc/a.conf'), join(one, 'etc/read-only')]),
    );
    expect(readdirSync(parent).sort()).toEqual(['a', 'b']);
  });

  test('fills in the place of a tree that was extracted by hand', async () => {
    await makeArchive();
    const place = join(parent, 'by hand');
    mkdirSync(place);
    runOk('tar', ['xzf', archive, '-C', place]);
    shOk(shell, [join(place, '.relocate/install.sh')]);
    expect(await verify(place)).toMatchObject({ ok: true });
    expect(sh(shell, [join(place, '.relocate/install.sh')])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('filled in already'),
    });
  });

  test('writes the place in every escaping as install does, or refuses it as install does', async () => {
    const together = [
      'plain',
      `sp ace quote'"s a$b\`c back\\slash a&b|c;d <x>%41`,
      'ünï日本\u{1f600}',
      '{x}[y](z)*?#!a,b=c:d@e+f~g',
      'lat\udced',
    ];
    const each = [
      'plain',
      'sp ace',
      `quote'"s`,
      'a$b`c',
      'back\\slash',
      'a&b|c;d',
      '<x>%41',
      'ünï',
      '日本',
      '\u{1f600}',
      'a,b=c:d@e+f~g',
      '{x}[y](z)*?#!',
      'lat\udced',
    ];
    for (const name of usually(together, each)) {
      const place = join(parent, name);
      const writable = ESCAPINGS.filter((escaping) => escapePath(place, escaping) !== null);
      const unwritable = ESCAPINGS.filter((escaping) => escapePath(place, escaping) === null);
      writeFileSync(archive, escapingArchive(writable));
      runOk('sh', ['-c', 'rm -rf "$1"; mkdir "$1"', 'sh', parent]);
      shOk(shell, [
        '-c',
        `place=$(printf '%b.' "$2"); exec ${shell === 'busybox sh' ? '/usr/bin/busybox sh' : shell} "$1" "$3" "\${place%.}"`,
        'sh',
        SCRIPT,
        printfWord(place),
        archive,
      ]);
      // a name that is not UTF-8 is read as bytes
      const [written = ''] = readdirSync(parent, 'latin1');
      for (const escaping of writable) {
        const bytes = readFileSync(
          Buffer.from(`${Buffer.from(parent).toString('latin1')}/${written}/${escaping}`, 'latin1'),
        );
        expect(bytes.toString('hex'), `${name} as ${escaping}`).toBe(
          Buffer.concat([
            Buffer.from('=\0'),
            escapePath(place, escaping) ?? Buffer.alloc(0),
            Buffer.from('/x'),
          ]).toString('hex'),
        );
      }
      for (const escaping of unwritable) {
        writeFileSync(archive, escapingArchive([escaping]));
        runOk('sh', ['-c', 'rm -rf "$1"; mkdir "$1"', 'sh', parent]);
        if (!place.isWellFormed()) continue;
        expect(sh(shell, [SCRIPT, archive, place]), `${name} as ${escaping}`).toMatchObject({ status: 2 });
        expect(readdirSync(parent)).toEqual([]);
      }
    }
  }, 300_000);

  test('fills slots as install does, in every escaping and both ways of padding', async () => {
    const origin = `/srv/build/${'long/'.repeat(40)}site`;
    writeFileSync(archive, slotArchive(origin));
    const place = join(parent, 'site');
    const contents = (): Record<string, string> =>
      Object.fromEntries(
        readdirSync(place)
          .filter((name) => !name.startsWith('.'))
          .map((name) => [name, readFileSync(join(place, name)).toString('hex')]),
      );
    await install(archive, place);
    const expected = contents();
    rmSync(place, { recursive: true });
    shOk(shell, [SCRIPT, archive, place]);
    expect(contents()).toEqual(expected);
  });

  test('refuses what does not fit, what is damaged, and a place that holds something; and leaves nothing', async () => {
    await makeArchive();
    const long = join(parent, 'x'.repeat(100));
    expect(sh(shell, [SCRIPT, archive, long])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/the place needs \d+ bytes/),
    });
    mkdirSync(join(parent, 'full'));
    writeFileSync(join(parent, 'full/x'), 'mine');
    expect(sh(shell, [SCRIPT, archive, join(parent, 'full')])).toMatchObject({ status: 2 });
    expect(sh(shell, [SCRIPT, archive, join(parent, 'new\nline')])).toMatchObject({ status: 2 });
    expect(sh(shell, [SCRIPT, archive, join(parent, 'none/x')])).toMatchObject({ status: 2 });
    const bytes = readFileSync(archive);
    writeFileSync(archive, bytes.subarray(0, bytes.length - 1000));
    expect(sh(shell, [SCRIPT, archive, join(parent, 'cut')])).toMatchObject({ status: 2 });
    expect(
      listing(parent)
        .split('\n')
        .map((line) => line.split('\t')[0]),
    ).toContain('full/x');
    expect(readdirSync(parent)).toEqual(['full']);
  });

  test('sees a file that was changed since it was packed', async () => {
    await makeArchive();
    const place = join(parent, 'by hand');
    mkdirSync(place);
    runOk('tar', ['xzf', archive, '-C', place]);
    writeFileSync(join(place, 'data/new\nline\n'), 'y');
    expect(sh(shell, [join(place, '.relocate/install.sh')])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('not as it was packed'),
    });
    writeFileSync(join(place, 'data/new\nline\n'), 'x');
    writeFileSync(join(place, 'lib/lib.so'), 'y');
    expect(sh(shell, [join(place, '.relocate/install.sh')])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('lib.so'),
    });
    expect(readFileSync(join(place, 'etc/a.conf'), 'utf8')).toContain('@@RELOCATE_PREFIX@@');
  });
});

/** One file for each escaping, named after it. */
function escapingArchive(escapings: readonly Escaping[]): Buffer {
  const files = escapings.toSorted().map((escaping) => {
    const written = escapePath('@@RELOCATE_PREFIX@@', escaping) ?? Buffer.alloc(0);
    const body = Buffer.concat([Buffer.from('=\0'), written, Buffer.from('/x')]);
    return file(escaping, body, { sites: [{ start: 2, end: 2 + written.length, escaping, base: asTreePath('') }] });
  });
  return craftTar(files);
}

/** Two files for each escaping, with a slot that is padded with slashes or with NULs; one of them has room for other slashes too. */
function slotArchive(origin: string): Buffer {
  const files = ESCAPINGS.flatMap((escaping) =>
    (['nul', 'slash'] as const).map((padding) => {
      const written = escapePath(origin, escaping) ?? Buffer.alloc(0);
      const tail = escapePath('/x', escaping) ?? Buffer.alloc(0);
      const body = Buffer.concat([Buffer.from('=\0'), written, tail, Buffer.from('\0\0\0\0next')]);
      const end = 2 + written.length;
      const slot = { slotEnd: end + tail.length, padding, tail: decodeBytes(tail) };
      const sites = [{ start: 2, end, escaping, base: asTreePath(''), slot }];
      return file(`${escaping}.${padding}`, body, { sites, remains: 1 });
    }),
  );
  const origins = [{ path: origin, base: '' }];
  const fitting = files.filter(({ entry }) =>
    (entry.sites ?? []).every((site) => writeAbsolute(site, '/tmp/relocate-test-xxxxxx/srv/a').ok),
  );
  const sorted = fitting.toSorted((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
  return craftTar(sorted, { manifest: (manifest) => ({ ...manifest, origins }) });
}

/** For `printf %b`: a test can't pass bytes that are not UTF-8 in any other way. */
function printfWord(text: string): string {
  return [...(escapePath(text, 'plain') ?? [])].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}

describe('the Python of a virtualenv', () => {
  const base = runOk('python3', ['-c', 'import sys; print(sys._base_executable)']).trim();

  test('must be there, or be given', async () => {
    runOk(base, ['-m', 'venv', '--without-pip', join(tree, 'env')]);
    const missing = join(folder, 'gone/python3');
    runOk('sh', [
      '-c',
      'ln -sfn "$2" "$1/env/bin/python3"; sed -i "s#^home = .*#home = ${2%/*}#" "$1/env/pyvenv.cfg"',
      'sh',
      tree,
      missing,
    ]);
    await pack(tree, { output: archive, jobs: 1 });
    const place = join(parent, 'site');
    expect(sh('dash', [SCRIPT, archive, place])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--python'),
    });
    expect(sh('dash', [SCRIPT, '--python', '/bin/true', archive, place])).toMatchObject({ status: 2 });
    expect(readdirSync(parent)).toEqual([]);
    shOk('dash', [SCRIPT, '--python', base, archive, place]);
    expect(runOk(join(place, 'env/bin/python'), ['-c', 'import sys; print(sys.prefix)'])).toBe(`${place}/env\n`);
    expect(await verify(place)).toMatchObject({ ok: true });
  });
});

test('busybox is enough, for all of it', async () => {
  await makeArchive();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const applet of runOk('busybox', ['--list']).trim().split('\n'))
    symlinkSync('/usr/bin/busybox', join(bin, applet));
  const place = join(parent, 'site');
  shOk('busybox sh', [SCRIPT, archive, place], { PATH: bin });
  expect(await verify(place)).toMatchObject({ ok: true, differences: [] });
});

test('has no word that only some shells know', () => {
  for (const shell of SHELLS) shOk(shell, ['-n', SCRIPT]);
});
