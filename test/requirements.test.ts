/** What native code asks of a host: in the manifest, and before an install writes anything. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Requirements } from '../src/model/requirements.ts';
import { install } from '../src/stages/install.ts';
import { pack } from '../src/stages/pack.ts';
import { relocate, relocateOk, run, runOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { has } from './support/moved-tree.ts';

const SCRIPT = fileURLToPath(new URL('../assets/install.sh', import.meta.url));

let folder: string;
let tree: string;
let archive: string;
let srv: string;
let place: string;
beforeEach(() => {
  folder = temporaryFolder();
  tree = join(folder, 'build/site');
  archive = join(folder, 'site.tar.gz');
  srv = join(folder, 'srv');
  place = join(srv, 'site');
  for (const path of [srv, join(tree, 'bin'), join(tree, 'lib'), join(folder, 'outer')])
    mkdirSync(path, { recursive: true });
});

async function needs(): Promise<Requirements> {
  return (await pack(tree, { output: archive, jobs: 1 })).requirements;
}

/** A library with a version of its own. */
function makeLibrary(path: string, version: string, ...more: readonly string[]): void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  writeTree(folder, {
    'x.c': 'int getpid(void);\nint answer(void) { return getpid() ? 42 : 0; }\n',
    'x.map': `${version} { global: answer; local: *; };\n`,
  });
  runOk('gcc', ['-shared', '-fPIC', `-Wl,-soname,${name}`, '-Wl,--version-script=x.map', '-o', path, 'x.c', ...more], {
    cwd: folder,
  });
}

/** A program that uses a library, which it finds by `rpath`. */
function makeProgram(path: string, library: string, rpath: string): void {
  writeTree(folder, { 'main.c': 'int answer(void); int main(void) { return answer() - 42; }\n' });
  runOk('gcc', ['-o', path, 'main.c', library, `-Wl,-rpath,${rpath}`], { cwd: folder });
}

/** Writes other bytes of the same length into a file, wherever the old ones stand. */
function patch(path: string, from: string, to: string): void {
  writeFileSync(path, Buffer.from(readFileSync(path, 'latin1').replaceAll(from, to), 'latin1'));
}

/** e_machine: a program for another processor. */
function setMachine(path: string, machine: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt16LE(machine, 18);
  writeFileSync(path, bytes);
}

/** The highest GLIBC version that readelf sees a file need. */
function highestGlibc(path: string): string {
  const found = runOk('readelf', ['-VW', path]).matchAll(/Name: GLIBC_([0-9.]+) /g);
  return (
    runOk('sort', ['-V'], { input: `${[...found].map(([, version]) => version).join('\n')}\n` })
      .trim()
      .split('\n')
      .at(-1) ?? ''
  );
}

describe.skipIf(!has('gcc') || !has('readelf') || process.arch !== 'x64')('native code', () => {
  test('asks for its processor, the lowest glibc that has its symbols, and libraries that the tree does not bring', async () => {
    makeLibrary(join(folder, 'outer/libouter.so.1'), 'OUTER_1.2');
    makeProgram(join(tree, 'bin/x'), join(folder, 'outer/libouter.so.1'), join(folder, 'outer'));
    const { libraries, ...requirements } = await needs();
    const glibc = highestGlibc(join(tree, 'bin/x'));
    expect(requirements).toMatchObject({
      platform: 'linux',
      arch: 'x64',
      libc: `glibc ${glibc}`,
      native: true,
      foreign: [],
    });
    expect(requirements.outside).toEqual([
      { path: '/lib64/ld-linux-x86-64.so.2', kind: 'loader', count: 1, example: 'bin/x' },
    ]);
    const user = { count: 1, example: 'bin/x' };
    const version = { version: `GLIBC_${glibc}`, example: 'bin/x' };
    expect(libraries).toEqual([
      { name: 'libc.so.6', ...user, versions: [version], folders: [join(folder, 'outer')] },
      {
        name: 'libouter.so.1',
        ...user,
        versions: [{ version: 'OUTER_1.2', example: 'bin/x' }],
        folders: [join(folder, 'outer')],
      },
    ]);
    const report = relocateOk(['verify', archive]);
    expect(report).toContain(`linux x64, glibc ${glibc} or newer (for bin/x)`);
    expect(report).toContain('libouter.so.1 (OUTER_1.2)');
  });

  test('asks for nothing that the tree brings, by the name of a file, of a link or by its SONAME', async () => {
    makeLibrary(join(folder, 'outer/libouter.so.1'), 'OUTER_1.2');
    makeProgram(join(tree, 'bin/x'), join(folder, 'outer/libouter.so.1'), '$ORIGIN/../lib');
    copyFileSync(join(folder, 'outer/libouter.so.1'), join(tree, 'lib/some.so'));
    expect((await needs()).libraries.map(({ name }) => name)).toEqual(['libc.so.6']);
  });

  test('that is carried along for other hosts asks for nothing', async () => {
    makeLibrary(join(tree, 'lib/prebuilt-arm64.node'), 'V_1');
    setMachine(join(tree, 'lib/prebuilt-arm64.node'), 183);
    makeLibrary(join(tree, 'lib/prebuilt-musl.node'), 'V_2');
    patch(join(tree, 'lib/prebuilt-musl.node'), 'libc.so.6\0', 'libc.so\0\0\0');
    makeLibrary(join(tree, 'lib/prebuilt.node'), 'V_3');
    makeProgram(join(tree, 'bin/x'), join(tree, 'lib/prebuilt.node'), '$ORIGIN/../lib');
    expect(await needs()).toMatchObject({
      arch: 'x64',
      foreign: [
        { platform: 'linux', arch: 'arm64', libc: 'glibc', count: 1, example: 'lib/prebuilt-arm64.node' },
        { platform: 'linux', arch: 'x64', libc: 'musl', count: 1, example: 'lib/prebuilt-musl.node' },
      ],
    });
    await install(archive, place);
    expect(relocateOk(['verify', archive])).toContain('1 file for linux arm64, glibc (lib/prebuilt-arm64.node)');
  });
});

describe.skipIf(!has('gcc') || process.arch !== 'x64')('an install on a host that does not fit', () => {
  beforeEach(() => {
    makeLibrary(join(folder, 'outer/libouter.so.1'), 'OUTER_1.2');
    makeProgram(join(tree, 'bin/x'), join(folder, 'outer/libouter.so.1'), join(folder, 'outer'));
  });

  /** Refused with these words, and nothing is written; installed all the same where that is asked for. */
  async function refuses(words: string): Promise<void> {
    await pack(tree, { output: archive, jobs: 1 });
    const refused = relocate(['install', archive, place]);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr.replace(/\s+/g, ' ')).toContain(words);
    expect(readdirSync(srv)).toEqual([]);
    const { receipt } = await install(archive, place, { ignoreRequirements: true });
    expect(receipt.warnings.join('\n')).toContain(words);
  }

  test('by its processor is refused', async () => {
    setMachine(join(tree, 'bin/x'), 183);
    await refuses('the tree holds programs for linux arm64, and this is linux x64');
  });

  test('by its C library is refused', async () => {
    patch(join(tree, 'bin/x'), '/lib64/ld-linux-x86-64.so.2\0', '/lib/ld-musl-x86_64.so.1\0\0\0\0');
    await refuses('the tree holds programs for musl, and this host has glibc');
  });

  test('by the age of its glibc is refused with the numbers and the file', async () => {
    patch(join(tree, 'bin/x'), `GLIBC_${highestGlibc(join(tree, 'bin/x'))}\0`, 'GLIBC_2.99\0');
    const real = runOk('getconf', ['GNU_LIBC_VERSION']).trim().split(' ')[1] ?? '';
    await pack(tree, { output: archive, jobs: 1 });
    const { stderr } = relocate(['install', archive, place]);
    expect(stderr).toMatch(/bin\/x needs GLIBC_2\.99 of libc\.so\.6, and \/\S+ of this host goes up to GLIBC_/);
    expect(stderr).toContain(`GLIBC_${real}`);
    await refuses('bin/x needs GLIBC_2.99');
  });

  test('for want of another library is installed, with a word about it', async () => {
    await pack(tree, { output: archive, jobs: 1 });
    expect((await install(archive, place)).receipt.warnings).toEqual([]);
    rmSync(place, { recursive: true });
    renameSync(join(folder, 'outer'), join(folder, 'gone'));
    const { receipt } = await install(archive, place);
    expect(receipt.warnings).toEqual(['libraries that the tree loads are not on this host: libouter.so.1 (bin/x)']);
    expect(run(join(place, 'bin/x'), []).status).toBe(127);
  });

  test('for the age of another library is installed, with a word about it', async () => {
    await pack(tree, { output: archive, jobs: 1 });
    makeLibrary(join(folder, 'outer/libouter.so.1'), 'OUTER_1.1');
    const { receipt } = await install(archive, place);
    expect(receipt.warnings).toEqual([
      `bin/x needs OUTER_1.2 of libouter.so.1, and ${folder}/outer/libouter.so.1 of this host goes up to OUTER_1.1`,
    ]);
    expect(existsSync(join(place, 'bin/x'))).toBe(true);
  });
});

describe.skipIf(!has('gcc') || process.arch !== 'x64').each(['dash', 'bash', 'busybox sh'])(
  'install.sh under %s',
  (shell) => {
    test('refuses a host that does not fit', async () => {
      makeLibrary(join(tree, 'lib/libinner.so.1'), 'INNER_1');
      makeProgram(join(tree, 'bin/x'), join(tree, 'lib/libinner.so.1'), '$ORIGIN/../lib');
      const install = (...options: readonly string[]): ReturnType<typeof run> =>
        run('/usr/bin/env', [...shell.split(' '), SCRIPT, ...options, archive, place]);
      await pack(tree, { output: archive, jobs: 1 });
      expect(install()).toMatchObject({ status: 0, stderr: '' });
      rmSync(place, { recursive: true });
      for (const [file, damage, words] of [
        [
          'bin/x',
          () => patch(join(tree, 'bin/x'), `GLIBC_${highestGlibc(join(tree, 'bin/x'))}\0`, 'GLIBC_2.99\0'),
          'bin/x needs glibc 2.99, and this host has glibc 2.',
        ],
        [
          'bin/x',
          () => patch(join(tree, 'bin/x'), '/lib64/ld-linux-x86-64.so.2\0', '/lib/ld-musl-x86_64.so.1\0\0\0\0'),
          'programs for musl, and this host has glibc',
        ],
        ['bin/x', () => setMachine(join(tree, 'bin/x'), 183), 'programs for linux arm64, and this is linux x86_64'],
      ] as const) {
        const good = readFileSync(join(tree, file));
        damage();
        await pack(tree, { output: archive, jobs: 1 });
        const refused = install();
        expect(refused).toMatchObject({ status: 2, stdout: '' });
        expect(refused.stderr).toContain(words);
        expect(readdirSync(srv)).toEqual([]);
        writeFileSync(join(tree, file), good);
      }
      expect(install('--ignore-requirements')).toMatchObject({ status: 0, stderr: '' });
    });
  },
);
