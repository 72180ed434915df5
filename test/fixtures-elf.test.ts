/** The ELF files among the fixtures are what `support/elf-writer.ts` writes: here is their recipe. A missing one is written. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { writeElf, type ElfRecipe } from './support/elf-writer.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const P = '/srv/build/site';
const LOADER = '/lib64/ld-linux-x86-64.so.2';

const RECIPES: Readonly<Record<string, ElfRecipe>> = {
  'absolute-rpath/origin-in-its-slot/tree/bin/prog': {
    interpreter: LOADER,
    needed: ['libx.so'],
    runpath: `${P}/lib:${P}/lib/more::/usr/lib`,
  },
  'absolute-rpath/origin-in-its-slot/tree/lib/libx.so': {
    soname: 'libx.so',
    rpath: `${P}/lib`,
    runpath: `${P}/lib/more`,
    hash: 'gnu',
    sections: true,
  },
  'absolute-rpath/origin-in-its-slot/tree/lib/libbig.so': { bits: 32, bigEndian: true, machine: 20, rpath: `${P}/lib` },
  'absolute-rpath/no-room-is-pinned/tree/a/deep/folder/prog': {
    runpath: `${P}/b`,
    symbols: ['site/b'],
    sharesTails: true,
  },
  'absolute-rpath/grows-when-asked/tree/a/deep/folder/prog': {
    runpath: `${P}/b`,
    symbols: ['site/b'],
    sharesTails: true,
    note: true,
    sections: true,
  },
  'absolute-rpath/a-free-run-takes-it/tree/a/deep/folder/prog': {
    runpath: `${P}/b`,
    symbols: ['site/b'],
    sharesTails: true,
    unread: ['left over by an earlier edit of another tool'],
  },
  'absolute-rpath/not-a-neighbour/tree/bin/prog': { runpath: `${P}2/lib` },
  'outside-rpath/is-reported/tree/bin/prog': { runpath: `/opt/other/lib:${P}/lib:/usr/lib64` },
  'outside-rpath/goes-when-asked/tree/bin/prog': { runpath: `/opt/other/lib:${P}/lib` },
  'outside-rpath/not-of-the-system/tree/bin/prog': { runpath: '/usr/lib:/lib/x86_64-linux-gnu:$ORIGIN/../lib' },
  'absolute-interpreter/pinned-in-its-slot/tree/bin/prog': { interpreter: `${P}/lib/ld-linux-x86-64.so.2` },
  'absolute-interpreter/outside/tree/bin/prog': { interpreter: '/nix/store/abc-glibc/lib/ld-linux-x86-64.so.2' },
  'absolute-interpreter/not-the-usual/tree/bin/prog': { interpreter: LOADER },
  'absolute-needed/origin/tree/bin/prog': { needed: [`${P}/lib/libx.so`, 'libc.so.6'] },
  'absolute-needed/with-versions-is-pinned/tree/bin/prog': {
    needed: [`${P}/lib/libx.so`],
    versions: [[`${P}/lib/libx.so`, 'V1']],
  },
  'absolute-needed/a-soname-is-pinned/tree/lib/libx.so': { soname: `${P}/lib/libx.so` },
  'absolute-needed/not-by-name-alone/tree/bin/prog': { needed: ['libx.so'] },
};

test.each(Object.entries(RECIPES))('%s', (name, recipe) => {
  const place = join(FIXTURES, name);
  const bytes = writeElf(recipe);
  if (!existsSync(place)) {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes, { mode: 0o755 });
  }
  expect(readFileSync(place).equals(bytes)).toBe(true);
});
