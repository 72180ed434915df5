/** Programs and libraries that find each other: linked for real, moved, and run with the old place gone. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asAbsolutePath } from '../src/model/path.ts';
import type { Reference } from '../src/model/reference.ts';
import { apply } from '../src/stages/apply.ts';
import { plan, type Strategy } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import type { ScanOptions } from '../src/stages/scan-options.ts';
import { claimsIn, damagedElf, relocatedElf } from './support/damaged-elf.ts';
import { writeElf } from './support/elf-writer.ts';
import { relocateOk } from './support/cli.ts';
import { temporaryFolder } from './support/folder.ts';
import { has } from './support/moved-tree.ts';

const LIBRARY = 'int answer(void) { return 42; }\n';
const PROGRAM = '#include <stdio.h>\nint answer(void);\nint main(void) { printf("%d\\n", answer()); return 0; }\n';

/** A tree at a path that is long enough for every `$ORIGIN` of these tests, with lib/libanswer.so in it. */
class LinkedTree {
  readonly root = join(temporaryFolder(), 'a-place-where-things-are-built', 'site');

  constructor() {
    for (const folder of ['lib', 'bin', 'src']) mkdirSync(join(this.root, folder), { recursive: true });
    writeFileSync(`${this.root}/../answer.c`, LIBRARY);
    writeFileSync(`${this.root}/../main.c`, PROGRAM);
    this.library('lib/libanswer.so', '-Wl,-soname,libanswer.so');
  }

  library(path: string, ...options: string[]): void {
    this.#gcc(path, ['-shared', '-fPIC', '../answer.c', ...options]);
  }

  program(path: string, ...options: string[]): void {
    this.#gcc(path, ['../main.c', ...options]);
  }

  /** `-L` and `-rpath` of the tree's lib. */
  linked(rpath = `${this.root}/lib`): string[] {
    return [`-L${this.root}/lib`, '-lanswer', `-Wl,-rpath,${rpath}`];
  }

  #gcc(path: string, args: readonly string[]): void {
    const place = join(this.root, path);
    mkdirSync(dirname(place), { recursive: true });
    execFileSync('gcc', ['-o', place, ...args], { cwd: this.root, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async fix(options: ScanOptions = {}, strategy: Strategy = {}): Promise<readonly Reference[]> {
    const found = await scan(this.root, { jobs: 1, ...options });
    await apply(plan(found, strategy));
    return found.references;
  }

  /** Moves the tree; the old place is gone. */
  move(): string {
    const moved = join(this.root, '../../elsewhere/a b');
    mkdirSync(dirname(moved));
    renameSync(this.root, moved);
    return moved;
  }
}

function said(program: string): string {
  return spawnSync(program, { encoding: 'utf8', env: {} }).stdout;
}

function searchPath(program: string): string[] {
  const listed = execFileSync('readelf', ['-dW', program], { encoding: 'utf8' });
  return [...listed.matchAll(/\((RPATH|RUNPATH|NEEDED)\).*\[(.*)\]/g)].flatMap(([, tag, value]) =>
    tag === 'NEEDED' && value?.includes('/') !== true ? [] : [`${tag} ${value}`],
  );
}

describe.skipIf(!has('gcc'))('search paths', () => {
  test.each([
    ['RUNPATH', '-Wl,--enable-new-dtags'],
    ['RPATH', '-Wl,--disable-new-dtags'],
  ])('%s becomes relative, and stays what it is', async (tag, option) => {
    const tree = new LinkedTree();
    tree.program('bin/main', option, ...tree.linked());
    const references = await tree.fix();
    expect(references.map(({ code, fix }) => [code, fix])).toEqual([['RL401', 'relative']]);
    expect((await scan(tree.root, { jobs: 1 })).references).toEqual([]);
    const moved = tree.move();
    expect(searchPath(`${moved}/bin/main`)).toEqual([`${tag} $ORIGIN/../lib`]);
    expect(said(`${moved}/bin/main`)).toBe('42\n');
  });

  test('other entries stay, empty ones go', async () => {
    const tree = new LinkedTree();
    tree.program('bin/main', ...tree.linked(`$ORIGIN/x:\${ORIGIN}/y::${tree.root}/lib:${tree.root}:/opt/x/lib:`));
    await tree.fix();
    expect(searchPath(`${tree.root}/bin/main`)).toEqual([
      'RUNPATH $ORIGIN/x:${ORIGIN}/y:$ORIGIN/../lib:$ORIGIN/..:/opt/x/lib',
    ]);
  });

  test('a program with names in several folders finds its libraries by each, and never looks outside of the tree', async () => {
    const tree = new LinkedTree();
    tree.program('libexec/core/main', ...tree.linked(`${tree.root}/lib:${'/'.repeat(40)}usr/lib`));
    linkSync(`${tree.root}/libexec/core/main`, `${tree.root}/bin/main`);
    await tree.fix();
    const moved = tree.move();
    for (const name of ['bin/main', 'libexec/core/main']) {
      expect(said(`${moved}/${name}`)).toBe('42\n');
      for (const found of execFileSync('sh', ['-c', 'LD_DEBUG=libs "$1" 2>&1', 'sh', `${moved}/${name}`], {
        encoding: 'utf8',
      }).matchAll(/trying file=(\S.*)/g)) {
        const tried = found[1] ?? '';
        const folder = dirname(tried);
        if (tried.startsWith(moved) && existsSync(folder)) expect(realpathSync(folder)).toContain(`${moved}/`);
      }
    }
  });

  test('a library that is opened through a link in another folder finds its own', async () => {
    const tree = new LinkedTree();
    tree.library(
      'lib/deep/libouter.so',
      '-Wl,--no-as-needed',
      ...tree.linked(`${tree.root}/lib:${'/'.repeat(40)}usr/lib`),
    );
    mkdirSync(join(tree.root, 'plugins'));
    symlinkSync('../lib/deep/libouter.so', join(tree.root, 'plugins/libouter.so'));
    await tree.fix();
    const moved = tree.move();
    for (const name of ['lib/deep/libouter.so', 'plugins/libouter.so'])
      expect(execFileSync('ldd', [`${moved}/${name}`], { encoding: 'utf8' })).toContain(`${moved}/`);
  });

  test('a program without room is pinned, with the room, and grows when asked', async () => {
    const tree = new LinkedTree();
    tree.program('libexec/core/main', ...tree.linked());
    linkSync(`${tree.root}/libexec/core/main`, `${tree.root}/bin/main`);
    for (let depth = 0, folder = `${tree.root}/d`; depth < 40; depth++, folder += '/d') mkdirSync(folder);
    const deep = `${tree.root}/${'d/'.repeat(40)}main`;
    copyFileSync(`${tree.root}/bin/main`, deep);
    const [pinned] = (await scan(tree.root, { jobs: 1 })).references.filter(({ fix }) => fix === 'pinned');
    expect(pinned?.file).toContain('d/d/d/main');
    expect(pinned?.note).toMatch(/\$ORIGIN takes 131 bytes, and there is room for \d+; --grow makes room/);
    await tree.fix({ grow: true });
    const moved = tree.move();
    expect(said(`${moved}/${'d/'.repeat(40)}main`)).toBe('42\n');
    const stripped = `${moved}/${'d/'.repeat(40)}stripped`;
    copyFileSync(`${moved}/${'d/'.repeat(40)}main`, stripped);
    execFileSync('strip', [stripped]);
    expect(said(stripped)).toBe('42\n');
    const again = plan(await scan(moved, { jobs: 1, grow: true, prefixes: [tree.root] }));
    expect(again.changes).toEqual([]);
  });

  test('a setuid program stays absolute', async () => {
    const tree = new LinkedTree();
    tree.program('bin/main', ...tree.linked());
    chmodSync(`${tree.root}/bin/main`, 0o4755);
    const [reference] = await tree.fix();
    expect(reference?.fix).toBe('pinned');
    expect(reference?.note).toContain('setuid');
  });

  test('undo gives every byte back', async () => {
    const tree = new LinkedTree();
    tree.program('bin/main', ...tree.linked());
    const before = execFileSync('sha256sum', [`${tree.root}/bin/main`], { encoding: 'utf8' });
    relocateOk(['fix', tree.root, '--grow', '--drop-outside-rpath']);
    relocateOk(['undo', tree.root]);
    expect(execFileSync('sha256sum', [`${tree.root}/bin/main`], { encoding: 'utf8' })).toBe(before);
  });

  test('the place of a pinned search path is written on request, and a colon is refused', async () => {
    const tree = new LinkedTree();
    tree.program('bin/main', ...tree.linked());
    chmodSync(`${tree.root}/bin/main`, 0o2755);
    const found = await scan(tree.root, { jobs: 1 });
    expect(plan(found, { to: asAbsolutePath('/new:place') }).refusals.map(({ reason }) => reason)).toEqual([
      'cannot-escape',
    ]);
    await apply(plan(found, { to: asAbsolutePath('/new place') }));
    expect(searchPath(`${tree.root}/bin/main`)[0]).toMatch(/^RUNPATH \/new place\/+lib$/);
  });
});

describe.skipIf(!has('gcc'))('a library that is named by its path', () => {
  test('is found where the tree is', async () => {
    const tree = new LinkedTree();
    tree.library('lib/libnameless.so');
    tree.program('bin/main', `${tree.root}/lib/libnameless.so`);
    await tree.fix();
    const moved = tree.move();
    expect(searchPath(`${moved}/bin/main`)).toEqual(['NEEDED $ORIGIN/../lib/libnameless.so']);
    expect(said(`${moved}/bin/main`)).toBe('42\n');
  });

  test('stays absolute where its symbols have versions, and is found at the place that is written there', async () => {
    const tree = new LinkedTree();
    writeFileSync(`${tree.root}/../versions`, 'V1 { global: answer; local: *; };\n');
    tree.library('lib/libnameless.so', '-Wl,--version-script=../versions');
    tree.program('bin/main', `${tree.root}/lib/libnameless.so`);
    const [reference] = await tree.fix();
    expect(reference?.fix).toBe('pinned');
    expect(reference?.note).toContain('versions');
    const short = temporaryFolder();
    renameSync(tree.root, `${short}/s`);
    await apply(plan(await scan(`${short}/s`, { jobs: 1, prefixes: [tree.root] })));
    expect(said(`${short}/s/bin/main`)).toBe('42\n');
  });
});

describe('files that are not what they say', () => {
  test('are findings, whatever is wrong with them', () => {
    fc.assert(fc.property(damagedElf, holds), { numRuns: 300 });
  });

  test('a table that is said to be larger than the file changes nothing', async () => {
    const root = temporaryFolder();
    const bytes = writeElf({ runpath: '/srv/build/site/lib', symbols: ['one', 'two', 'three'] });
    const count = bytes.indexOf(Buffer.from([1, 0, 0, 0, 4, 0, 0, 0])) + 4;
    bytes.writeUInt32LE(0xfffffff, count);
    writeFileSync(`${root}/prog`, bytes);
    const { references } = await scan(root, { jobs: 1, prefixes: ['/srv/build/site'] });
    expect(references.map(({ code, fix }) => [code, fix])).toEqual([['RL401', 'blocked']]);
    expect(references[0]?.note).toContain('who reads its string table');
  });
});

/** What is found has its edits, and after them nothing is left to be made relative. */
function holds(bytes: Buffer): void {
  const references = claimsIn(bytes);
  const again = claimsIn(relocatedElf(bytes, references));
  expect(again.filter(({ fix }) => fix === 'relative')).toEqual([]);
}
