/** Many layouts from LLVM's linker, read back by LLVM's tools; llvm-install-name-tool, told what to write, must arrive at the same paths. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { asAbsolutePath } from '../../src/model/path.ts';
import { apply } from '../../src/stages/apply.ts';
import { plan } from '../../src/stages/plan.ts';
import { scan } from '../../src/stages/scan.ts';
import { undo } from '../../src/stages/undo.ts';
import { check, isSignedRight } from '../support/macho.ts';

/** A tool of LLVM under its plain name, or with the version behind it, as Debian has some. */
function tool(name: string): string {
  const names = [name, ...Array.from({ length: 12 }, (_, i) => `${name}-${25 - i}`)];
  return names.find((each) => spawnSync(each, ['--version'], { stdio: 'ignore' }).error === undefined) ?? '';
}

const LD = tool('ld64.lld');
const OBJDUMP = tool('llvm-objdump');
const INSTALL_NAME_TOOL = tool('llvm-install-name-tool');
const CLANG = tool('clang');

const STUB = `--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/usr/lib/libSystem.B.dylib'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ _puts, dyld_stub_binder ]
...
`;

interface Layout {
  readonly arch: 'arm64' | 'x86_64';
  readonly prefix: string;
  /** Folders above the file. */
  readonly depth: number;
  readonly libraries: number;
  readonly rpaths: number;
  readonly pad: number;
}

const name = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'b', '-', '7') });
const layout: fc.Arbitrary<Layout> = fc.record({
  arch: fc.constantFrom('arm64' as const, 'x86_64' as const),
  prefix: fc.array(name, { minLength: 2, maxLength: 4 }).map((names) => `/${names.join('/')}`),
  depth: fc.integer({ min: 0, max: 6 }),
  libraries: fc.integer({ min: 1, max: 5 }),
  rpaths: fc.integer({ min: 0, max: 4 }),
  pad: fc.constantFrom(0, 16, 64, 1024),
});

let work: string;
/** How often the peer could do what was asked of it. */
let agreed = 0;

describe.skipIf([LD, OBJDUMP, INSTALL_NAME_TOOL, CLANG].includes(''))('layouts of the linker', () => {
  beforeAll(() => {
    work = temporaryWork();
    writeFileSync(join(work, 'libSystem.tbd'), STUB);
    writeFileSync(
      join(work, 'x.c'),
      'extern int puts(const char *); int f(void) { return puts("@"); } int main(void) { return f(); }',
    );
    for (const arch of ['arm64', 'x86_64'])
      execFileSync(CLANG, ['-target', `${arch}-apple-macos11`, '-c', join(work, 'x.c'), '-o', join(work, `${arch}.o`)]);
  });

  test('are read by LLVM as they were written, and changed as its own tool changes them', async () => {
    await fc.assert(fc.asyncProperty(layout, holds), { numRuns: 150 });
    expect(agreed).toBeGreaterThan(50);
  });
});

async function holds(asked: Layout): Promise<void> {
  const tree = join(work, 'tree');
  mkdirSync(tree);
  const file = link(asked, tree);
  const plain = join(work, 'peer');
  copyFileSync(file, plain);
  const size = statSync(file).size;
  await apply(plan(await scan(tree, { prefixes: [asked.prefix], jobs: 1 }), { to: asAbsolutePath('/q') }));
  expect(statSync(file).size).toBe(size);
  expect(isSignedRight(file)).toBe(true);
  const dumped = headers(file);
  expect(dumped).toEqual(check(file)[0]?.paths.map(([, text]) => text));
  // where the padding is too small, a path may be pinned: then only what it says is compared
  const changes =
    check(plain)[0]?.paths.flatMap(([kind, text], index) => changeOf(kind, text, dumped[index] ?? '')) ?? [];
  if (changes.length > 0) {
    const ran = spawnSync(INSTALL_NAME_TOOL, [...changes, plain], { encoding: 'utf8' });
    // the peer refuses where it can't grow, and can't tell two equal rpaths apart
    if (ran.status === 0) {
      expect(headers(plain)).toEqual(dumped);
      agreed++;
    }
    if (ran.status !== 0) expect(ran.stderr).toMatch(/headerpad|rpath|not enough|load command/i);
  }
  await undo(tree);
  rmSync(tree, { recursive: true, force: true });
}

/** Links a library deep in a tree, against others in it. */
function link({ arch, prefix, depth, libraries, rpaths, pad }: Layout, tree: string): string {
  const common = ['-arch', arch, '-platform_version', 'macos', '11.0', '11.0', '-adhoc_codesign'];
  const system = join(work, 'libSystem.tbd');
  const object = join(work, `${arch}.o`);
  const inputs = Array.from({ length: libraries }, (_, i) => {
    const made = join(work, `lib${i}.dylib`);
    execFileSync(LD, [...common, '-dylib', '-install_name', `${prefix}/lib/lib${i}.dylib`, '-o', made, object, system]);
    return ['-needed_library', made];
  }).flat();
  const folder = join(tree, ...Array.from({ length: depth }, (_, i) => `d${i}`));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'x.dylib');
  const places = Array.from({ length: rpaths }, (_, i) => ['-rpath', `${prefix}/lib${'/x'.repeat(i)}`]).flat();
  const own = ['-dylib', '-install_name', `${prefix}/x.dylib`, '-headerpad', pad.toString(16), ...places];
  execFileSync(LD, [...common, ...own, '-o', file, object, ...inputs, system]);
  return file;
}

function headers(file: string): string[] {
  const text = execFileSync(OBJDUMP, ['--macho', '--private-headers', file], { encoding: 'utf8' });
  return [...text.matchAll(/^ +(?:name|path) (.*) \(offset \d+\)$/gm)].map(([, path = '']) => path);
}

function changeOf(kind: string, from: string, to: string): string[] {
  if (from === to) return [];
  return kind === 'id' ? ['-id', to] : kind === 'rpath' ? ['-rpath', from, to] : ['-change', from, to];
}

function temporaryWork(): string {
  const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
