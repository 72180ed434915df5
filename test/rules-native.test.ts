/** Native code, part by part: what a program reads at its new place, what only debuggers read, what is linked still, what is carried. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../src/formats/byte-source.ts';
import { readElf } from '../src/formats/elf-headers.ts';
import { hasPayload } from '../src/formats/payload.ts';
import { asAbsolutePath } from '../src/model/path.ts';
import type { Reference } from '../src/model/reference.ts';
import { apply } from '../src/stages/apply.ts';
import { install } from '../src/stages/install.ts';
import { pack } from '../src/stages/pack.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { compileC } from './support/compile.ts';
import { temporaryFolder } from './support/folder.ts';
import { buildTree, has, run, type MovedTree } from './support/moved-tree.ts';

const HAS_GCC = has('gcc');

const of = ({ scan }: MovedTree, file: string): readonly Reference[] =>
  scan.references.filter((reference) => reference.file === file);

const fixes = (references: readonly Reference[]): string[] =>
  references.map(({ code, fix, applicability }) => `${code} ${fix} ${applicability}`);

/** A path as the system reads it. */
const read = (text: string): string => text.replaceAll(/\/{2,}/g, '/').replaceAll(/(?<=[^:\n])\/(?=[:\n]|$)/g, '');

describe.skipIf(!HAS_GCC)('a program that knows its strings at compile time', () => {
  const PROGRAM = String.raw`
#include <stdio.h>
#include <string.h>
static char written[] = "@P@/written";
static char list[] = "@P@:@P@/lib:/usr/lib";
static const char array[] = "@P@/array";
static const char *shared = "lib/tail", *whole = "@P@/lib/tail";
char buffer[4096];
int main(int argc, char **argv) {
  memcpy(buffer, "@P@/copied/by/length/of/a/constant/that/is/long/enough/for/a/call/of/the/library/because/instructions/would/be/many/and/slow/so/gcc/calls/memcpy/with/it", sizeof "@P@/copied/by/length/of/a/constant/that/is/long/enough/for/a/call/of/the/library/because/instructions/would/be/many/and/slow/so/gcc/calls/memcpy/with/it");
  written[strlen("@P@/")] = 'W';
  printf("%s\n%s\n%s %zu\n%s\n%s\n%s\n", written, list, array, sizeof array, shared, whole, buffer);
  printf("%d %zu\n", strcmp(argv[1], "@P@/share/compared"), strlen("@P@/share/compared"));
  return 0;
}
`;

  test.each([['-O0'], ['-O2'], ['-O2', '-no-pie'], ['-O2', '-static'], ['-Os', '-fuse-ld=gold']])(
    'reads whole paths at its new place: gcc %s %s',
    async (...options) => {
      const built = buildTree();
      const program = compileC(built.root, 'bin/x', PROGRAM, ...options);
      const before = run(program, [`${built.root}/share/compared`]);
      const moved = await built.move('n');
      const after = run(join(moved.root, 'bin/x'), [`${moved.root}/share/compared`]);
      const [expected, found] = [before.replaceAll(built.root, moved.root).split('\n'), read(after).split('\n')];
      expect(found.slice(0, -1)).toEqual(expected.slice(0, -1));
      // what is compared byte by byte is no longer equal (RL405, Traps); its length is what it was
      expect(found.at(-1)?.split(' ')[1]).toBe(expected.at(-1)?.split(' ')[1]);
    },
  );

  test('where another string is the end of the prefix, neither is touched unless asked', async () => {
    const source = `#include <stdio.h>\nint main(void) { puts("@P@"); puts("site"); puts("@P@/etc"); return 0; }`;
    const built = buildTree();
    compileC(built.root, 'bin/x', source, '-Os');
    const moved = await built.move('n');
    expect(fixes(of(moved, 'bin/x'))).toEqual(['RL405 pinned unsafe', 'RL405 pinned safe']);
    expect(read(run(join(moved.root, 'bin/x'), []))).toBe(`${built.root}\nsite\n${moved.root}/etc`);
  });

  // as a compiler sees fit: in pieces of 8 and 16 bytes that may overlap (the fixtures of RL405 and RL406 pin what is said of them)
  test.each(['/opt/site', '/srv/build/site', '/srv/builds/sites', '/srv/build/site/that/is/longer', '/srv/x/y/z'])(
    'no half of %s is written where instructions copy it',
    async (path) => {
      const copy = `strcpy(b, "${path}/etc/conf"); puts(b); strcpy(b, "${path}/x"); return puts(b) < 0;`;
      const root = temporaryFolder();
      const source = `#include <stdio.h>\n#include <string.h>\nchar b[200];\nint main(void) { ${copy} }`;
      const program = compileC(root, 'bin/x', source, '-O2');
      const found = await scan(root, { prefixes: [path], jobs: 1 });
      expect(found.references.filter(({ file }) => file === 'bin/x')).not.toEqual([]);
      await apply(plan(found, { to: asAbsolutePath('/n') }));
      const lines = read(run(program, [])).split('\n');
      expect([`${path}/etc/conf`, '/n/etc/conf']).toContain(lines[0]);
      expect([`${path}/x`, '/n/x']).toContain(lines[1]);
    },
  );

  test('takes the longest place that fits by an install, and not one byte more', async () => {
    const folder = temporaryFolder();
    const root = join(folder, 'build');
    mkdirSync(root);
    compileC(root, 'bin/x', PROGRAM, '-O2');
    rmSync(join(root, 'src'), { recursive: true });
    const room = (await scan(root, { jobs: 1 })).summary.maxPrefixBytes ?? 0;
    expect(room).toBe(root.length);
    const output = join(folder, 'a.tar.gz');
    await pack(root, { output, jobs: 1 });
    const longest = join(folder, 'x'.repeat(room - folder.length - 1));
    await expect(install(output, `${longest}x`, {})).rejects.toThrow(String(room));
    await install(output, longest, {});
    renameSync(root, join(folder, 'away'));
    expect(run(join(longest, 'bin/x'), ['x']).split('\n')[0]).toBe(`${longest}/Written`);
  });
});

describe.skipIf(!HAS_GCC)('debug information', () => {
  const SOURCE = `#include <stdlib.h>\nint main(int argc, char **argv) {\n  if (argc > 1) abort();\n  return 0;\n}\n`;

  test('is harmless, whatever the compiler wrote it in', async () => {
    const built = buildTree();
    const kinds = ['-gdwarf-5', '-gdwarf-4', '-gdwarf-3', '-g -gsplit-dwarf', '-g -gz=zlib', '-g -gz=zlib-gnu'];
    for (const [index, kind] of kinds.entries()) compileC(built.root, `bin/x${index}`, SOURCE, ...kind.split(' '));
    const { references } = await scan(built.root, { jobs: 1 });
    const inPrograms = references.filter(({ file }) => file.startsWith('bin/'));
    expect(new Set(fixes(inPrograms))).toEqual(new Set(['RL407 none safe']));
    expect(new Set(inPrograms.map(({ file }) => file)).size).toBeGreaterThanOrEqual(kinds.length);
    expect(inPrograms.some(({ note }) => note.includes('compressed'))).toBe(true);
  });

  test('a compressed section that is damaged, or compressed otherwise, is said to be', async () => {
    const built = buildTree();
    const program = compileC(built.root, 'bin/x', SOURCE, '-g', '-gz=zlib');
    const zstd = spawnSync('objcopy', ['--compress-debug-sections=zstd', program, `${program}z`]).status === 0;
    const bytes = readFileSync(program);
    const section = readElf(sourceOf(bytes)).sections.find(({ flags, name }) => (flags & 0x800) !== 0 && name !== '');
    bytes.fill(0xff, (section?.offset ?? 0) + 24, (section?.offset ?? 0) + 40);
    appendFileSync(`${program}d`, bytes);
    const { references } = await scan(built.root, { jobs: 1 });
    const notes = (file: string): string =>
      references.flatMap((reference) => (reference.file === file ? [reference.note] : [])).join('\n');
    expect(notes('bin/xd')).toContain('damaged');
    if (zstd) expect(notes('bin/xz')).toMatch(/zstd|compressed: only/);
  });

  test('blanked when asked: two builds at places of one length hold the same strings, and tools read them still', async () => {
    const folder = temporaryFolder();
    const roots = ['one', 'two'].map((name) => join(folder, name));
    for (const root of roots) {
      compileC(root, 'bin/x', SOURCE, '-g', '-O1');
      await apply(plan(await scan(root, { jobs: 1, stripDebugPaths: true })));
      const after = await scan(root, { jobs: 1, stripDebugPaths: true });
      expect(after.references.filter(({ file }) => file.includes('x'))).toEqual([]);
    }
    // as and ld order strings by a hash of their content, so it is not the same bytes
    const [strings, others] = roots.map((root) =>
      run('strings', ['-a', join(root, 'bin/x')])
        .split('\n')
        .toSorted(),
    );
    expect(strings?.filter((text) => text.startsWith('///'))).toEqual(others?.filter((text) => text.startsWith('///')));
    const program = join(folder, 'one/bin/x');
    const warnings = spawnSync('readelf', ['-w', program], { encoding: 'utf8' });
    expect([warnings.status, warnings.stderr]).toEqual([0, '']);
    const main = run('nm', [program])
      .split('\n')
      .find((symbol) => symbol.endsWith(' T main'));
    expect(read(run('addr2line', ['-e', program, main?.split(' ')[0] ?? '']))).toMatch(/^\/src\/bin-x\.c:3$/);
  });
});

describe.skipIf(!HAS_GCC || !has('ar'))('a static library', () => {
  test('is linked at its new place into a program that finds its data', async () => {
    const built = buildTree();
    const object = compileC(built.root, 'x.o', 'const char *place(void) { return "@P@/share"; }', '-g', '-c', '-O2');
    mkdirSync(join(built.root, 'lib'));
    execFileSync('ar', ['rcs', join(built.root, 'lib/libx.a'), object]);
    const moved = await built.move('n');
    expect(fixes(of(moved, 'lib/libx.a')).toSorted().slice(0, 1)).toEqual(['RL407 none safe']);
    expect(fixes(of(moved, 'lib/libx.a'))).toContain('RL409 pinned safe');
    expect(fixes(of(moved, 'x.o'))).toContain('RL409 pinned safe');
    const main = '#include <stdio.h>\nconst char *place(void);\nint main(void) { return puts(place()) < 0; }';
    const library = ['-Wl,--whole-archive', join(moved.root, 'lib/libx.a'), '-Wl,--no-whole-archive'];
    expect(read(run(compileC(temporaryFolder(), 'main', main, ...library), []))).toBe(`${moved.root}/share`);
  });
});

describe.skipIf(!HAS_GCC)('a payload', () => {
  test('keeps a program from growing; zeros and signatures of none do not', async () => {
    const root = temporaryFolder();
    const program = compileC(root, 'x', 'int main(void) { return 0; }');
    const carries = (path: string): boolean => hasPayload(readElf(sourceOf(readFileSync(path))));
    const made = (name: string, ...bytes: readonly (string | Buffer)[]): string => {
      copyFileSync(program, join(root, name));
      for (const piece of bytes) appendFileSync(join(root, name), piece);
      return join(root, name);
    };
    expect(carries(program)).toBe(false);
    expect(carries('/bin/sh')).toBe(false);
    expect(carries(made('zeros', Buffer.alloc(64)))).toBe(false);
    expect(carries(made('bun', 'x\n---- Bun! ----\n'))).toBe(true);
    expect(carries(made('any', 'x'))).toBe(true);
    for (const section of ['pydata', '.bun', 'protodesc_cold', '.note.NODE_SEA_BLOB']) {
      const out = join(root, `in${section}`);
      execFileSync('objcopy', [`--add-section=${section}=${join(root, 'src/x.c')}`, program, out]);
      expect(carries(out), section).toBe(true);
    }
  });
});
