/** The reader of ELF files against readelf, and a search path that is given to a file that has none. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../../src/formats/byte-source.ts';
import { readDynamic, stringReader } from '../../src/formats/elf-dynamic.ts';
import { addRunpath } from '../../src/formats/elf-grow.ts';
import { readElf } from '../../src/formats/elf-headers.ts';
import { SECTION_FLAG, sectionAt } from '../../src/formats/elf.ts';
import { applySplices } from '../../src/formats/splices.ts';
import { has } from '../support/moved-tree.ts';
import { temporaryFolder } from '../support/folder.ts';

const SHELL = '/bin/sh';

describe.skipIf(!has('readelf'))('the headers of a program', () => {
  const elf = readElf(sourceOf(readFileSync(SHELL)));

  test('are those that readelf sees', () => {
    const listed = execFileSync('readelf', ['-lW', SHELL], { encoding: 'utf8' });
    const loads = [...listed.matchAll(/^ +LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+)/gm)];
    expect(
      elf.segments.flatMap(({ type, offset, address, fileSize, memorySize }) =>
        type === 1 ? [[offset, address, fileSize, memorySize]] : [],
      ),
    ).toEqual(loads.map((load) => load.slice(1).map(Number)));
  });

  test('name the section of every byte', () => {
    const listed = execFileSync('readelf', ['-SW', SHELL], { encoding: 'utf8' });
    const rows = [...listed.matchAll(/\] (\.\w\S*) +(\w+) +\w+ (\w+) (\w+) \w+ +([A-Z]*) /g)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [, name = '', type, offset = '', size = '', flags = ''] of rows) {
      if (type === 'NOBITS' || Number.parseInt(size, 16) === 0) continue;
      const section = sectionAt(elf, Number.parseInt(offset, 16));
      expect(section?.name).toBe(name);
      expect(((section?.flags ?? 0) & SECTION_FLAG.allocated) !== 0).toBe(flags.includes('A'));
      expect(((section?.flags ?? 0) & SECTION_FLAG.merge) !== 0).toBe(flags.includes('M'));
    }
  });
});

test.skipIf(!has('gcc'))('a file without a search path can be given one, and runs', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'x.c'), 'int answer(void) { return 42; }\n');
  writeFileSync(join(folder, 'm.c'), 'int answer(void);\nint main(void) { return answer(); }\n');
  const gcc = (...args: string[]): unknown => execFileSync('gcc', args, { cwd: folder });
  gcc('-shared', '-fPIC', '-Wl,-soname,libx.so', '-o', 'libx.so', 'x.c');
  gcc('-o', 'm', 'm.c', '-L.', '-lx');
  expect(exitOf(`${folder}/m`)).not.toBe(42);
  const bytes = readFileSync(`${folder}/m`);
  const elf = readElf(sourceOf(bytes));
  const dynamic = readDynamic(elf);
  if (dynamic === null) throw new Error('it has no dynamic section');
  const grown = addRunpath(elf, dynamic, Buffer.from('$ORIGIN'));
  if (!grown.ok) throw new Error(grown.why);
  writeFileSync(`${folder}/n`, applySplices(bytes, grown.splices));
  chmodSync(`${folder}/n`, 0o755);
  expect(exitOf(`${folder}/n`)).toBe(42);
  const again = readElf(sourceOf(readFileSync(`${folder}/n`)));
  const strings = readDynamic(again);
  const runpath = strings?.entries.find(({ tag }) => tag === 29);
  expect(
    strings === null || runpath === undefined ? null : stringReader(again, strings)(runpath.value)?.bytes.toString(),
  ).toBe('$ORIGIN');
});

function exitOf(program: string): number | null {
  try {
    execFileSync(program, { env: {}, stdio: 'ignore' });
    return 0;
  } catch (error) {
    return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : null;
  }
}
