/** Offsets of zip files that Python wrote: found, moved, and refused where they do not fit together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { movedOffset, zipOffsets, type ZipOffsets } from '../../src/formats/zip.ts';
import { runOk } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const MAKE = `
import sys, zipfile
with open(sys.argv[1], 'wb') as f:
    f.write(b'#' * int(sys.argv[2]))
    with zipfile.ZipFile(f, 'w') as z:
        for name in sys.argv[4:]: z.writestr(name, name * 10)
        z.comment = sys.argv[3].encode()
`;

function makeZip(before: number, comment: string, ...names: string[]): Buffer {
  const file = join(temporaryFolder(), 'x.zip');
  runOk('python3', ['-c', MAKE, file, String(before), comment, ...names]);
  return readFileSync(file);
}

function offsetsOf(bytes: Buffer): ZipOffsets | null {
  return zipOffsets((start, end) => bytes.subarray(start, end), bytes.length);
}

describe('the offsets of a zip', () => {
  test.each([
    ['plain', 0, ''],
    ['behind other bytes', 40, ''],
    ['with a comment', 7, 'the end: PK\u0005\u0006'],
  ])('%s', (_name, before, comment) => {
    const bytes = makeZip(before, comment, 'a', 'folder/b');
    const found = offsetsOf(bytes);
    expect(found?.bias).toBe(0);
    for (const { at, size, value } of found?.offsets ?? []) {
      expect(bytes.readUIntLE(at, size === 4 ? 4 : 6)).toBe(value);
      expect(bytes.toString('latin1', value, value + 2)).toBe('PK');
    }
    expect(found?.offsets).toHaveLength(3);
  });

  test('count from the zip itself where it was put behind other bytes as it was', () => {
    const bytes = Buffer.concat([Buffer.from('#!/bin/sh\n'), makeZip(0, '', 'a')]);
    expect(offsetsOf(bytes)?.bias).toBe(10);
  });

  test('of an empty zip are those of its end', () => {
    expect(offsetsOf(makeZip(5, ''))?.offsets.map(({ value }) => value)).toEqual([5]);
  });

  test.each(['cut', 'garbled', 'none'])('are refused (%s)', (way) => {
    const bytes = makeZip(3, '', 'a', 'b');
    if (way === 'garbled') bytes.writeUInt32LE(9999, bytes.length - 10);
    expect(
      offsetsOf(way === 'cut' ? bytes.subarray(0, -3) : way === 'none' ? Buffer.from('PK\u0005\u0006') : bytes),
    ).toBeNull();
  });
});

test('an offset is moved within its room', () => {
  expect(movedOffset({ at: 0, size: 4, value: 0x01020304 }, 1)?.toString('hex')).toBe('05030201');
  expect(movedOffset({ at: 0, size: 8, value: 2 ** 40 }, -1)?.toString('hex')).toBe('ffffffffff000000');
  expect(movedOffset({ at: 0, size: 4, value: 0xfffffff0 }, 100)).toBeNull();
  expect(movedOffset({ at: 0, size: 4, value: 5 }, -6)).toBeNull();
});
