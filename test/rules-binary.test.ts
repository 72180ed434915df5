/** Programs with the tree's path in their strings, after a move to a shorter place; and what must not be touched. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cStringAround, isCounted } from '../src/formats/cstring.ts';
import { objectFile } from '../src/formats/object-file.ts';
import { structuredFormat } from '../src/formats/structured.ts';
import { asAbsolutePath } from '../src/model/path.ts';
import { plan } from '../src/stages/plan.ts';
import { apply } from '../src/stages/apply.ts';
import { scan as scanTree } from '../src/stages/scan.ts';
import { buildTree, has, run } from './support/moved-tree.ts';

const PROGRAM = `
#include <stdio.h>
#include <string.h>
#include <wchar.h>
static const char *tail = "/share/data", *whole = "@P@/share/data", *list = "@P@/a:@P@/b:/usr/lib", *line = "@P@/etc\\n";
static const char array[] = "@P@/array";
static const wchar_t *wide = L"@P@/wide";
int main(void) {
  printf("%s\\n%s\\n%s\\n%s%s %zu\\n", tail, whole, list, line, array, sizeof array);
  for (const wchar_t *w = wide; *w; w++) putchar((int)*w);
  return 0;
}
`;

describe.skipIf(!has('gcc'))('a C program', () => {
  test('prints the new place in every string, and nothing else moved', async () => {
    const built = buildTree({ 'src/x.c': PROGRAM });
    mkdirSync(join(built.root, 'bin'));
    execFileSync('gcc', ['-O2', '-g', '-o', join(built.root, 'bin/x'), join(built.root, 'src/x.c')]);
    const size = readFileSync(join(built.root, 'bin/x')).length;
    const before = run(join(built.root, 'bin/x'), []);
    const { root, scan } = await built.move('s');
    expect(readFileSync(join(root, 'bin/x')).length).toBe(size);
    const after = run(join(root, 'bin/x'), []);
    expect(after.replace(/\/{2,}/g, '/')).toBe(before.replaceAll(built.root, root));
    expect(after.length).toBe(before.length);
    const codes = scan.references.filter(({ file }) => file === 'bin/x').map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['RL208', 'RL405', 'RL407']));
    expect(scan.summary.maxPrefixBytes).toBe(built.root.length);
  });

  test('takes back the place of its build after it was in a shorter one', async () => {
    const built = buildTree({ 'src/x.c': PROGRAM });
    mkdirSync(join(built.root, 'bin'));
    execFileSync('gcc', ['-o', join(built.root, 'bin/x'), join(built.root, 'src/x.c')]);
    const bytes = readFileSync(join(built.root, 'bin/x'));
    const { root } = await built.move('s');
    const found = await scanTree(root, { jobs: 1 });
    expect(found.summary.maxPrefixBytes).toBe(built.root.length);
    await apply(plan(found, { to: asAbsolutePath(built.root) }));
    expect(readFileSync(join(root, 'bin/x')).equals(bytes)).toBe(true);
  });

  test('a place that is longer is refused, and the room is said', async () => {
    const built = buildTree({ 'src/x.c': PROGRAM });
    mkdirSync(join(built.root, 'bin'));
    execFileSync('gcc', ['-o', join(built.root, 'bin/x'), join(built.root, 'src/x.c')]);
    const found = await scanTree(built.root, { jobs: 1 });
    const { refusals } = plan(found, { to: asAbsolutePath(`${built.root}/longer`) });
    const inProgram = refusals.filter(({ reference }) => reference.file === 'bin/x');
    expect(new Set(inProgram.map(({ reason }) => reason))).toEqual(new Set(['cannot-grow']));
    expect(inProgram[0]?.note).toContain(String(built.root.length));
  });
});

describe('C strings', () => {
  const at = (text: string, mark: string): [number, number] | null => {
    const bytes = Buffer.from(text, 'latin1');
    const start = text.indexOf(mark);
    const found = cStringAround(bytes, start, start + mark.length);
    return found === null ? null : [found.start, found.end];
  };

  test('run from NUL to NUL', () => {
    expect(at('a\0-I/P/x\n\0b', '/P')).toEqual([2, 9]);
    expect(at('/P\0', '/P')).toEqual([0, 2]);
    expect(at('\x01x/P\0', '/P')).toEqual([1, 4]);
  });

  test('are none without a NUL, or with control characters before it', () => {
    expect(at('/P/x', '/P')).toBeNull();
    expect(at('/P/x\x02y\0', '/P')).toBeNull();
  });

  test.each([
    ['one byte', [15]],
    ['two bytes, little-endian', [1, 15, 0]],
    ['two bytes, big-endian', [0, 15]],
    ['four bytes, little-endian', [15, 0, 0, 0]],
    ['four bytes, big-endian', [0, 0, 0, 15]],
    ['eight bytes, little-endian', [15, 0, 0, 0, 0, 0, 0, 0]],
  ])('are counted by %s', (_, before) => {
    expect(isCounted(Buffer.from([0xff, ...before, 0x2f]), before.length + 1, 15)).toBe(true);
    expect(isCounted(Buffer.from([0xff, ...before, 0x2f]), before.length + 1, 16)).toBe(false);
  });

  test('are counted by a varint', () => {
    expect(isCounted(Buffer.from([0xac, 0x02, 0x2f]), 2, 300)).toBe(true);
  });

  test('are not counted by the end of the string before', () => {
    // "…//" and its NUL read as a number are 47
    expect(isCounted(Buffer.from('x//\0/P', 'latin1'), 4, 47)).toBe(false);
  });
});

test('objects are told by their headers', () => {
  expect(objectFile(readFileSync('/bin/sh').subarray(0, 4096))).toMatchObject({ kind: 'elf', isSigned: false });
  expect(objectFile(Buffer.from('!<arch>\nx.o/  '))).toMatchObject({ kind: 'archive' });
  expect(objectFile(Buffer.from('!<arch>\ndebian-binary'))).toBeNull();
  expect(objectFile(Buffer.from('#!/bin/sh\n'))).toBeNull();
  expect(objectFile(Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2]))).toMatchObject({
    kind: 'mach-o',
    isSigned: false,
  });
  expect(objectFile(Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61]))).toBeNull();
  expect(structuredFormat(Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61]))?.name).toBe('a Java class');
});

test('a text that begins with the letters of a magic is text', () => {
  expect(structuredFormat(Buffer.from('RIFF is a word'))).toBeNull();
  expect(structuredFormat(Buffer.from('%PDF-1.4\n'))?.name).toBe('a PDF');
});

test('wide strings of a file that is binary otherwise are left', async () => {
  const built = buildTree();
  const wide = Buffer.from(`${built.root}/x`, 'utf16le');
  writeFileSync(join(built.root, 'x.bin'), Buffer.concat([Buffer.from([1, 2, 3, 4]), wide, Buffer.from([0, 0, 9, 9])]));
  const { references } = await scanTree(built.root, { jobs: 1 });
  expect(references.map(({ code, fix }) => [code, fix])).toEqual([['RL208', 'blocked']]);
});
