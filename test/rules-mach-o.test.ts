/** Mach-O files: paths in their load commands, and signatures that hold after every edit. Read back by a reader that shares nothing with relocate. */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Plan } from '../src/model/plan.ts';
import { asAbsolutePath } from '../src/model/path.ts';
import type { Reference } from '../src/model/reference.ts';
import { apply } from '../src/stages/apply.ts';
import { plan, type Strategy } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { undo } from '../src/stages/undo.ts';
import { temporaryFolder } from './support/folder.ts';
import { check, isSignedRight, pathsOf, tiny, unpackSite } from './support/macho.ts';

const PREFIX = '/srv/build/site';
const FILES = [
  'bin/hello',
  'bin/tight',
  'lib/libgreet.1.dylib',
  'lib/libsecond.dylib',
  'lib/plugins/deep/down/plugin.so',
];

let tree: string;
beforeEach(() => (tree = join(temporaryFolder(), 'site')));

async function fix(prefix: string = PREFIX, strategy: Strategy = {}): Promise<Plan> {
  const planned = plan(await scan(tree, { prefixes: [prefix], jobs: 1 }), strategy);
  await apply(planned);
  return planned;
}

async function find(file: string): Promise<readonly Reference[]> {
  return (await scan(tree, { prefixes: [PREFIX], jobs: 1 })).references.filter((reference) => reference.file === file);
}

/** A library of the tree, made by hand: `arguments` of thin() in tiny.py, the strings first. */
function place(file: string, thin: string): string {
  const target = join(tree, file);
  mkdirSync(join(target, '..'), { recursive: true });
  tiny(`write(sys.argv[1], thin(${thin}))`, target);
  return target;
}

describe('a site that a linker made', () => {
  test('finds its libraries by their own place, and every signature holds', async () => {
    unpackSite('/srv/build/site', tree);
    const sizes = FILES.map((file) => statSync(join(tree, file)).size);
    await fix();
    expect(pathsOf(join(tree, 'bin/hello'))).toEqual([
      'rpath @loader_path/../lib',
      'rpath @loader_path/../lib/plugins',
      'rpath /opt/elsewhere/lib',
      'dylinker /usr/lib/dyld',
      'load @loader_path/../lib/libsecond.dylib',
      'load @loader_path/../lib/libgreet.1.dylib',
      'load /usr/lib/libSystem.B.dylib',
    ]);
    expect(pathsOf(join(tree, 'lib/libsecond.dylib')).slice(0, 2)).toEqual([
      'id @rpath/libsecond.dylib',
      'load @loader_path/libgreet.1.dylib',
    ]);
    expect(pathsOf(join(tree, 'lib/plugins/deep/down/plugin.so'))[0]).toBe(
      'load @loader_path/../../../libgreet.1.dylib',
    );
    const fat = check(join(tree, 'lib/libgreet.1.dylib'));
    expect(fat.map(({ paths }) => paths[0]?.[1])).toEqual(['@rpath/libgreet.1.dylib', '@rpath/libgreet.1.dylib']);
    for (const file of FILES) expect(isSignedRight(join(tree, file)), file).toBe(true);
    expect(FILES.map((file) => statSync(join(tree, file)).size)).toEqual(sizes);
  });

  test('needs no second fix, and goes back byte for byte', async () => {
    unpackSite('/srv/build/site', tree);
    const before = FILES.map((file) => readFileSync(join(tree, file)));
    await fix();
    const found = await scan(tree, { jobs: 1 });
    expect(found.references.filter(({ code, scope }) => code === 'RL408' && scope === 'inside')).toEqual([]);
    expect((await fix()).changes).toEqual([]);
    await undo(tree);
    expect(FILES.map((file) => readFileSync(join(tree, file)))).toEqual(before);
  });

  test('at a short place makes its commands longer, as far as the padding goes', async () => {
    unpackSite('/p/s', tree);
    const sizes = FILES.map((file) => statSync(join(tree, file)).size);
    const content = readFileSync(join(tree, 'bin/hello')).subarray(0x1000);
    await fix('/p/s', { to: asAbsolutePath('/q') });
    expect(pathsOf(join(tree, 'bin/hello'))).toEqual([
      'rpath @loader_path/../lib',
      'rpath @loader_path/../lib/plugins',
      'rpath /opt/elsewhere/lib',
      'dylinker /usr/lib/dyld',
      'load @loader_path/../lib/libsecond.dylib',
      'load @loader_path/../lib/libgreet.1.dylib',
      'load /usr/lib/libSystem.B.dylib',
    ]);
    // the linker left 16 bytes: one command grows by 8, the other is written in its place
    expect(pathsOf(join(tree, 'bin/tight'))).toContain('rpath @loader_path/../lib');
    expect(pathsOf(join(tree, 'bin/tight'))).toContain('load /q///lib/libsecond.dylib');
    for (const file of FILES) expect(isSignedRight(join(tree, file)), file).toBe(true);
    expect(FILES.map((file) => statSync(join(tree, file)).size)).toEqual(sizes);
    const after = readFileSync(join(tree, 'bin/hello')).subarray(0x1000);
    // behind the headers nothing moved: what differs is the hash of the first page
    expect(content.filter((byte, at) => byte !== after[at]).length).toBeLessThanOrEqual(32);
  });

  test('has its strings rewritten too, under a signature that holds', async () => {
    unpackSite('/srv/build/site', tree);
    await fix(PREFIX, { to: asAbsolutePath('/srv/new') });
    // in both architectures, in one of them right behind an instruction
    const text = readFileSync(join(tree, 'lib/libgreet.1.dylib')).toString('latin1');
    expect(text.split('/srv/new////////share/greet.txt\0')).toHaveLength(3);
    expect(isSignedRight(join(tree, 'lib/libgreet.1.dylib'))).toBe(true);
  });
});

describe('a load command', () => {
  test('of 32-bit and big-endian files, alone and in a fat file, is written in their order', async () => {
    const target = join(tree, 'lib/libx.dylib');
    tiny(
      `names = [(LOAD, '/srv/build/site/lib/a.dylib'), (RPATH, '/srv/build/site/x')]
write(sys.argv[1], fat(*[thin(names, wide=wide, order=order) for wide in (True, False) for order in '<>']))`,
      target,
    );
    await fix();
    expect(check(target).map(({ paths, wrong }) => ({ paths, wrong }))).toEqual(
      Array.from({ length: 4 }, () => ({
        paths: [
          ['load', '@loader_path/a.dylib'],
          ['rpath', '@loader_path/../x'],
        ],
        wrong: [],
      })),
    );
  });

  test('that says a place which is said already is written another way: dyld refuses the same text twice', async () => {
    const target = place(
      'lib/a',
      `[(RPATH, '@loader_path/.'), (RPATH, '/srv/build/site/lib'), (RPATH, '/srv/build/site/lib/')]`,
    );
    await fix();
    expect(pathsOf(target)).toEqual(['rpath @loader_path/.', 'rpath @loader_path/./.', 'rpath @loader_path/././.']);
  });

  test('of a framework keeps the path from the framework on', async () => {
    const target = place('Py.framework/Versions/3/Py', `[(IDENTITY, '/srv/build/site/Py.framework/Versions/3/Py')]`);
    await fix();
    expect(pathsOf(target)).toEqual(['id @rpath/Py.framework/Versions/3/Py']);
  });

  test('is pinned where hard links disagree; a symlink in another folder does no harm', async () => {
    const linked = place('lib/libx.dylib', `[(LOAD, '/srv/build/site/lib/a.dylib')]`);
    mkdirSync(join(tree, 'other/deep'), { recursive: true });
    linkSync(linked, join(tree, 'other/deep/libx.dylib'));
    const plain = place('lib/liby.dylib', `[(LOAD, '/srv/build/site/lib/a.dylib')]`);
    symlinkSync('../../lib/liby.dylib', join(tree, 'other/deep/liby.dylib'));
    await fix(PREFIX, { to: asAbsolutePath('/srv/b') });
    expect(pathsOf(linked)).toEqual(['load /srv/b//////////lib/a.dylib']);
    expect(pathsOf(plain)).toEqual(['load @loader_path/a.dylib']);
    expect(isSignedRight(linked) && isSignedRight(plain)).toBe(true);
  });

  test('of a program with setuid is pinned: dyld expands nothing there', async () => {
    chmodSync(place('bin/x', `[(LOAD, '/srv/build/site/lib/a.dylib')], kind=2`), 0o4755);
    expect(await find('bin/x')).toMatchObject([{ code: 'RL408', fix: 'pinned' }]);
  });

  test('does not grow over what stands in the padding', async () => {
    const target = place('lib/plugins/x.so', `[(LOAD, '/p/s/a')], kind=8, pad=40`);
    const bytes = readFileSync(target);
    const free = bytes.indexOf('code\0') - 8;
    bytes.write('used', free);
    writeFileSync(target, bytes);
    await fix('/p/s', { to: asAbsolutePath('/q') });
    // 32 free bytes in front of it: @loader_path/../../a takes 16 more
    expect(pathsOf(target)).toEqual(['load @loader_path/../../a']);
    expect(readFileSync(target).toString('latin1', free, free + 4)).toBe('used');
    bytes.write('used', free - 24);
    writeFileSync(target, bytes);
    await fix('/p/s', { to: asAbsolutePath('/q') });
    expect(pathsOf(target)).toEqual(['load /q///a']);
  });
});

describe('a path', () => {
  const path = String.raw`b'/srv/build/site/src/x.c\0'`;

  test('among the names of symbols, and in debug information, is harmless; blanked when asked, and signed again', async () => {
    const names = place('lib/names', `[(LOAD, '/usr/lib/a')], names=b'\\0_main\\0' + ${path}`);
    const dwarf = place(
      'lib/dwarf',
      `[(LOAD, '/usr/lib/a')], text=${path}, section=('__DWARF', '__debug_str', 0x2000000)`,
    );
    expect((await find('lib/names')).map(({ code, fix }) => `${code} ${fix}`)).toEqual(['RL407 none']);
    expect((await find('lib/dwarf')).map(({ code, fix }) => `${code} ${fix}`)).toEqual(['RL407 none']);
    await apply(plan(await scan(tree, { prefixes: [PREFIX], jobs: 1, stripDebugPaths: true })));
    expect(isSignedRight(names) && isSignedRight(dwarf)).toBe(true);
    expect(readFileSync(names).includes(`\0${'/'.repeat(PREFIX.length)}/src/x.c\0`)).toBe(true);
  });

  test('between instructions is left', async () => {
    place('lib/x', `[(LOAD, '/usr/lib/a')], text=${path}, section=('__TEXT', '__text', 0x80000400)`);
    expect(await find('lib/x')).toMatchObject([{ code: 'RL406', fix: 'blocked' }]);
  });

  test('among strings alone is not mistaken for a counted one', async () => {
    const text = String.raw`b'a\0\0\0\x17' + ${path}`.replace(String.raw`\x17`, String.raw`\x17\0\0\0`);
    place('lib/counted', `[(LOAD, '/usr/lib/a')], text=${text}`);
    place('lib/strings', `[(LOAD, '/usr/lib/a')], text=${text}, section=('__TEXT', '__cstring', 2)`);
    expect(await find('lib/counted')).toMatchObject([{ code: 'RL406' }]);
    expect(await find('lib/strings')).toMatchObject([{ code: 'RL405', fix: 'pinned' }]);
  });
});

describe('a signature', () => {
  test('with two kinds of hashes and entitlements keeps what it is', async () => {
    const target = place(
      'bin/x',
      `[(LOAD, '/srv/build/site/lib/a.dylib')], kind=2, hashes=(1, 2, 4), entitlements=b'<plist/>', text=b'x' * 20000, room=2000`,
    );
    expect(check(target)).toMatchObject([{ directories: 3, wrong: [] }]);
    await fix();
    expect(check(target)).toMatchObject([
      { directories: 3, flags: 2, wrong: [], paths: [['load', '@loader_path/../lib/a.dylib']] },
    ]);
    expect(readFileSync(target).includes('<plist/>')).toBe(true);
  });

  test('that covers one page without end is renewed', async () => {
    const target = place('bin/x', `[(LOAD, '/srv/build/site/lib/a')], kind=2, text=b'x' * 20000, room=600`);
    const bytes = readFileSync(target);
    const directory = bytes.indexOf(Buffer.from('fade0c02', 'hex'));
    bytes[directory + 39] = 0; // pageSize
    bytes.writeUInt32BE(1, directory + 28); // nCodeSlots
    writeFileSync(target, bytes);
    await fix();
    const slots = readFileSync(target);
    const { createHash } = await import('node:crypto');
    const end = slots.readUInt32BE(directory + 32);
    const at = directory + slots.readUInt32BE(directory + 16);
    expect(slots.toString('hex', at, at + 32)).toBe(createHash('sha256').update(slots.subarray(0, end)).digest('hex'));
  });

  test('of a certificate is left, and with --unsafe an ad hoc one takes its place', async () => {
    const certified = `[(LOAD, '/srv/build/site/lib/a.dylib')], kind=2, team='TEAM123456', cms=b'certificate' * 9, entitlements=b'<plist/>', room=600`;
    const target = place('bin/x', certified);
    const before = readFileSync(target);
    expect(await find('bin/x')).toMatchObject([
      { applicability: 'unsafe', fix: 'relative', note: expect.stringContaining('TEAM123456') as string },
    ]);
    await fix();
    expect(readFileSync(target).equals(before)).toBe(true);
    await fix(PREFIX, { unsafe: true });
    expect(check(target)).toMatchObject([
      { flags: 2, cms: false, wrong: [], paths: [['load', '@loader_path/../lib/a.dylib']] },
    ]);
    expect(readFileSync(target).includes('certificate')).toBe(false);
    expect(readFileSync(target).length).toBe(before.length);
  });

  test.each([
    ['has no magic', 0, 0x12345678],
    ['is longer than its place', 4, 5000],
    ['has a directory behind its end', 16, 5000],
    ['has pages scattered elsewhere', 20 + 44, 1],
    ['hashes more than there is', 20 + 32, 0x7fffffff],
    ['counts hashes that are not there', 20 + 28, 7],
    ['has hashes of no known kind', 20 + 36, 0x20090000],
  ])('that %s blocks edits', async (_, offset, value) => {
    const target = place('bin/x', `[(LOAD, '/srv/build/site/lib/a.dylib')], kind=2, team='T', cms=b'x', room=600`);
    const bytes = readFileSync(target);
    const start = bytes.indexOf(Buffer.from('fade0cc0', 'hex'));
    const directory = bytes.indexOf(Buffer.from('fade0c02', 'hex')) - start;
    bytes.writeUInt32BE(value, start + (offset >= 20 ? directory + offset - 20 : offset));
    writeFileSync(target, bytes);
    expect(await find('bin/x')).toMatchObject([{ fix: 'blocked', applicability: 'manual' }]);
    expect((await fix(PREFIX, { unsafe: true, to: asAbsolutePath('/s') })).changes).toEqual([]);
  });

  test('is not edited itself', async () => {
    place('bin/x', `[(LOAD, '/usr/lib/a')], kind=2, entitlements=b'/srv/build/site/lib\\0', room=400`);
    expect(await find('bin/x')).toMatchObject([{ code: 'RL405', fix: 'blocked', applicability: 'manual' }]);
  });

  test('that is missing is no hindrance', async () => {
    const target = place('lib/x', `[(LOAD, '/srv/build/site/lib/a.dylib')], signed=False`);
    await fix();
    expect(pathsOf(target)).toEqual(['load @loader_path/a.dylib']);
  });
});

test('damaged headers leave the file to the rules for any binary, which block it', async () => {
  const target = place('lib/x', `[(LOAD, '/srv/build/site/lib/a.dylib')]`);
  const bytes = readFileSync(target);
  bytes.writeUInt32LE(0x7fffffff, 20); // sizeofcmds
  writeFileSync(target, bytes);
  expect(await find('lib/x')).toMatchObject([{ code: 'RL406', fix: 'blocked', applicability: 'manual' }]);
});

test('files with any damage are scanned, fixed once, and brought back byte for byte', async () => {
  const sound = readFileSync(
    place('lib/sound', `[(LOAD, '/srv/build/site/lib/a'), (RPATH, '/srv/build/site')], kind=6`),
  );
  const damage = fc.sample(fc.tuple(fc.nat(sound.length - 4), fc.oneof(fc.nat(0xffffffff), fc.nat(700))), {
    numRuns: 80,
    seed: 408,
  });
  const damaged = damage.map(([at, value], index) => {
    const bytes = Buffer.from(sound);
    bytes.writeUInt32LE(value, at);
    writeFileSync(join(tree, `lib/${index}`), bytes);
    return bytes;
  });
  expect((await fix()).changes.length).toBeGreaterThan(20);
  const again = await scan(tree, { prefixes: [PREFIX], jobs: 1 });
  expect(plan(again).changes).toEqual([]);
  expect(isSignedRight(join(tree, 'lib/sound'))).toBe(true);
  await undo(tree);
  expect(damaged.map((_, index) => readFileSync(join(tree, `lib/${index}`)))).toEqual(damaged);
});

test('a program that is too large to hold is signed again page by page', async () => {
  const target = place(
    'bin/x',
    `[(LOAD, '/srv/build/site/lib/a.dylib')], kind=2, text=b'x' * 17000000 + b'\\0/srv/build/site/share\\0', room=150000`,
  );
  await fix(PREFIX, { to: asAbsolutePath('/srv/new') });
  expect(isSignedRight(target)).toBe(true);
  expect(pathsOf(target)).toEqual(['load @loader_path/../lib/a.dylib']);
  expect(readFileSync(target).includes('\0/srv/new////////share\0')).toBe(true);
});

test('a moved site is found and mended', async () => {
  unpackSite('/srv/build/site', tree);
  await fix();
  const moved = join(temporaryFolder(), 'elsewhere');
  renameSync(tree, moved);
  const found = await scan(moved, { jobs: 1 });
  expect(found.references.filter(({ code, fix }) => code === 'RL408' && fix !== 'none')).toEqual([]);
  expect(readdirSync(moved)).toContain('lib');
});
