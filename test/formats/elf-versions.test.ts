/** Symbol versions and the linker's cache: what readelf and ldconfig say; and no file, however damaged, does more than not be read. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../../src/formats/byte-source.ts';
import { readDynamic } from '../../src/formats/elf-dynamic.ts';
import { readVersionDefinitions, readVersionNeeds } from '../../src/formats/elf-versions.ts';
import { readElf } from '../../src/formats/elf-headers.ts';
import { MalformedElf } from '../../src/formats/elf.ts';
import { parseLdCache } from '../../src/formats/ld-cache.ts';
import { nativeFacts } from '../../src/formats/native-facts.ts';
import { highestOf } from '../../src/formats/version-series.ts';
import { hostLibraries } from '../../src/io/host-libraries.ts';
import { runOk } from '../support/cli.ts';
import { has } from '../support/moved-tree.ts';

function versionsOf(bytes: Buffer): { needs: string[]; definitions: string[] } {
  const elf = readElf(sourceOf(bytes));
  const dynamic = readDynamic(elf);
  if (dynamic === null) return { needs: [], definitions: [] };
  return {
    needs: readVersionNeeds(elf, dynamic).flatMap(({ library, versions }) =>
      versions.map(({ name, isWeak }) => `${library} ${name}${isWeak ? ' weak' : ''}`),
    ),
    definitions: readVersionDefinitions(elf, dynamic),
  };
}

/** What readelf prints, in the same words. */
function readelfVersions(path: string): { needs: string[]; definitions: string[] } {
  const needs: string[] = [];
  const definitions: string[] = [];
  let library = '';
  for (const line of runOk('readelf', ['-VW', path]).split('\n')) {
    library = /File: (\S+)/.exec(line)?.[1] ?? library;
    const need = /Name: (\S+)\s+Flags: (.*?)\s+Version: \d+$/.exec(line);
    if (need !== null) needs.push(`${library} ${need[1] ?? ''}${need[2] === 'WEAK' ? ' weak' : ''}`);
    const definition = /Rev: 1\s+Flags: (.*?)\s+Index: \d+\s+Cnt: \d+\s+Name: (\S+)/.exec(line);
    if (definition !== null && definition[1] !== 'BASE') definitions.push(definition[2] ?? '');
  }
  return { needs, definitions };
}

/** Programs and libraries of this host. */
const FILES = ['/bin/sh', '/usr/bin/git', '/lib64/ld-linux-x86-64.so.2', process.execPath].filter((path) =>
  existsSync(path),
);
const find = await hostLibraries();
const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libstdc++.so.6', 'libcrypto.so.3'].flatMap(
  (name) => find(name, process.arch, [])?.path ?? [],
);

describe.skipIf(!has('readelf'))('versions of', () => {
  test.each([...FILES, ...LIBRARIES])('%s are those that readelf prints', (path) => {
    expect(versionsOf(readFileSync(path))).toEqual(readelfVersions(path));
  });
});

test('a version is the highest of its series by its numbers', () => {
  expect(highestOf('GLIBC', ['GLIBC_2.9', 'GLIBC_2.34', 'GLIBC_2.3.4', 'GLIBCXX_3.4', 'GLIBC_PRIVATE'])).toBe(
    'GLIBC_2.34',
  );
  expect(highestOf('GLIBC_ABI_DT_RELR', ['GLIBC_2.9', 'GLIBC_ABI_DT_RELR'])).toBe('GLIBC_ABI_DT_RELR');
  expect(highestOf('CURL_OPENSSL', ['GLIBC_2.9'])).toBeNull();
});

describe('the linker’s cache', () => {
  test.skipIf(!has('/sbin/ldconfig', '--version'))('names the files that ldconfig lists', () => {
    const listed = runOk('/sbin/ldconfig', ['-p'])
      .split('\n')
      .flatMap((line) => {
        const [, name, path] = /^\s+(\S+) \(.*\) => (\/\S+)$/.exec(line) ?? [];
        return name === undefined || path === undefined ? [] : [`${name} ${path}`];
      });
    const read = [...parseLdCache(readFileSync('/etc/ld.so.cache'))].flatMap(([name, paths]) =>
      paths.map((path) => `${name} ${path}`),
    );
    expect(listed.length).toBeGreaterThan(0);
    expect(read.toSorted()).toEqual(listed.toSorted());
  });

  test('damaged anywhere is read as far as it can be', () => {
    const cache = Buffer.alloc(48 + 24 + 40);
    cache.write('glibc-ld.so.cache1.1', 0, 'latin1');
    cache.writeUInt32LE(1, 20);
    cache.writeUInt32LE(72, 48 + 4);
    cache.writeUInt32LE(80, 48 + 8);
    cache.write('liba.so\0/lib/liba.so\0', 72, 'latin1');
    expect([...parseLdCache(cache)]).toEqual([['liba.so', ['/lib/liba.so']]]);
    fc.assert(
      fc.property(fc.nat(cache.length - 1), fc.nat(255), fc.nat(cache.length), (at, byte, length) => {
        const damaged = Buffer.from(cache);
        damaged[at] = byte;
        expect(parseLdCache(damaged.subarray(0, length)).size).toBeLessThan(2);
      }),
    );
  });
});

const library = LIBRARIES.find((path) => path.includes('libm')) ?? '';

describe.skipIf(library === '')('a damaged library', () => {
  const bytes = library === '' ? Buffer.alloc(0) : readFileSync(library);
  const dynamic = library === '' ? null : readDynamic(readElf(sourceOf(bytes)));
  /** Where damage tells: the headers, the lists of versions, the dynamic section. */
  const places = [
    0,
    ...(dynamic?.entries ?? []).flatMap(({ tag, value, valueAt }) => (tag >= 0x6ffffff0 ? [value, valueAt] : [])),
  ];

  test('is not believed, and ends', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.array(fc.tuple(fc.nat(96), fc.oneof(fc.constantFrom(0, 1, 0xff, 0x7f), fc.nat(255))), {
          minLength: 1,
          maxLength: 6,
        }),
        (place, changes) => {
          const damaged = Buffer.from(bytes);
          for (const [offset, byte] of changes) damaged[place + offset] = byte;
          expect(() => nativeFacts(sourceOf(damaged))).not.toThrow();
          try {
            versionsOf(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedElf);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('cut off anywhere is not believed', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(() => nativeFacts(sourceOf(bytes.subarray(0, length)))).not.toThrow();
      }),
      { numRuns: 100 },
    );
  });
});
