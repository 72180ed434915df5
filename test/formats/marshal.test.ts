/** The marshal reader against the Pythons of this machine, and against bytes that no Python wrote. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAYOUTS, type CodeLayout } from '../../src/formats/marshal-layouts.ts';
import type { MarshalString } from '../../src/formats/marshal-strings.ts';
import { marshalStrings, readMarshal } from '../../src/formats/marshal.ts';
import { pycHeader, rewriteString, type PycHeader } from '../../src/formats/pyc.ts';
import { applySplices } from '../../src/formats/splices.ts';
import { compileNeedles } from '../../src/formats/needles.ts';
import { searchKernel } from '../../src/io/search-kernel.ts';
import { PYTHONS, runPython } from '../support/pythons.ts';

const KERNEL = searchKernel(compileNeedles([]), 64 * 1024);

/** Works on Python 2.7 too; nested code, closures, every kind of constant, a string longer than 255 bytes, names that are not ASCII. */
const SOURCE = `# -*- coding: utf-8 -*-
"""about /srv/build/site"""
LONG = '/srv/build/site/' + 'x'
TEXT = '/srv/build/site/bin:/srv/build/site/lib ${'y'.repeat(300)}'
WIDE = u'/srv/build/site/\\u00fc'
RAW = b'/srv/build/site/raw'
NUMBERS = (1, -1, 2 ** 40, -2 ** 70, 1.5, 2j, None, True, Ellipsis, ('/srv/build/site', ('nested',)), frozenset([1]))
def outer(a, b=3, *c, **d):
    captured = a
    def inner(x):
        return [captured + y for y in x if y in {'p', 'q', 'r'}]
    class Thing(object):
        where = '/srv/build/site/thing'
        def method(self): return lambda: self.where
    return inner, Thing
`;

const COMPILE = `
import sys, py_compile
source, target, name = sys.argv[1:4]
py_compile.compile(source, cfile=target, dfile=name, doraise=True)
`;
/** All co_filenames and all text constants of a .pyc, as Python itself reads them; everything else of it as one digest. */
const INSPECT = `
import sys, marshal, json, hashlib
header = int(sys.argv[2])
data = open(sys.argv[1], 'rb').read()
names, texts, rest = [], [], []
def text(x): return x if isinstance(x, str) else x.encode('utf-8') if str is bytes else x.decode('latin-1')
def walk(x):
    if hasattr(x, 'co_filename'):
        names.append(x.co_filename)
        rest.append((x.co_name, x.co_code, x.co_names, x.co_firstlineno, x.co_flags))
        for c in x.co_consts: walk(c)
    elif isinstance(x, tuple) or isinstance(x, frozenset):
        for c in x: walk(c)
    elif isinstance(x, (type(u''), bytes)): texts.append(text(x))
    else: rest.append(repr(x))
walk(marshal.loads(data[header:]))
print(json.dumps({'names': names, 'texts': sorted(texts), 'rest': hashlib.sha256(repr(rest).encode('utf-8')).hexdigest()}))
`;

interface Inspected {
  readonly names: readonly string[];
  readonly texts: readonly string[];
  readonly rest: string;
}

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'relocate-marshal-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function compileAs(program: string, name: string): Buffer {
  const source = join(folder, 'source.py');
  const target = join(folder, 'target.pyc');
  writeFileSync(source, SOURCE);
  // the order of a frozenset's parts in byte code follows the hash seed before 3.11
  runPython(program, COMPILE, [source, target, name], { PYTHONHASHSEED: '0' });
  return readFileSync(target);
}

function inspect(program: string, bytes: Buffer): Inspected {
  const file = join(folder, 'inspected.pyc');
  writeFileSync(file, bytes);
  return JSON.parse(runPython(program, INSPECT, [file, String(headerOf(bytes).size)])) as Inspected;
}

function headerOf(bytes: Buffer): PycHeader {
  const header = pycHeader(bytes);
  if (header === null) throw new Error('no header');
  return header;
}

function stringsOf(bytes: Buffer): readonly MarshalString[] {
  const { size, layout } = headerOf(bytes);
  const marshal = readMarshal(bytes, size, layout);
  if (!marshal.ok) throw new Error(`${marshal.why} at ${marshal.at}`);
  expect(marshal.end).toBe(bytes.length);
  return marshal.strings;
}

function withFileNames(bytes: Buffer, name: string): Buffer {
  const { layout } = headerOf(bytes);
  const names = stringsOf(bytes).filter(({ role }) => role === 'filename');
  return applySplices(
    bytes,
    names.map((string) => ({
      start: string.start,
      end: string.end,
      text: rewriteString(string, name, layout),
    })),
  );
}

describe.each(PYTHONS)('byte code of Python $version', ({ version, program }) => {
  test('the header tells the version', () => {
    expect(headerOf(compileAs(program, '/srv/build/site/m.py')).python).toBe(version);
  });

  test('every string that Python reads is found, with its role', () => {
    const bytes = compileAs(program, '/srv/build/site/m.py');
    const strings = stringsOf(bytes);
    const texts = (role: string): string[] =>
      strings.filter((each) => each.role === role).map(({ payload, end }) => bytes.toString('utf8', payload, end));
    const inspected = inspect(program, bytes);
    expect(new Set(texts('filename'))).toEqual(new Set(['/srv/build/site/m.py']));
    expect(new Set(inspected.names)).toEqual(new Set(['/srv/build/site/m.py']));
    for (const text of inspected.texts.filter((each) => each.includes('/srv/build/site')))
      expect(texts('constant')).toContain(text);
  });

  test.each([
    ['short', 'lib/m.py'],
    ['not ASCII', 'lib/ünïcode.py'],
    ['longer than 255 bytes', `lib/${'long/'.repeat(80)}m.py`],
    ['long and not ASCII', `lib/${'längs/'.repeat(80)}m.py`],
  ])('a rewritten file name is what Python loads, and nothing else changes: %s', (_, name) => {
    const before = compileAs(program, `/srv/build/site/${name}`);
    const after = inspect(program, withFileNames(before, name));
    expect(new Set(after.names)).toEqual(new Set([name]));
    expect({ texts: after.texts, rest: after.rest }).toEqual({
      texts: inspect(program, before).texts,
      rest: inspect(program, before).rest,
    });
  });

  test.each([
    ['short', 'lib/m.py'],
    ['around 255 bytes', `lib/${'long/'.repeat(48)}m.py`],
  ])('two builds at different prefixes give the same bytes: %s', (_, name) => {
    const builds = ['/srv/build/site', '/home/somebody/with/a/rather/longer/prefix', '/srv/bäü'].map((prefix) =>
      compileAs(program, `${prefix}/${name}`),
    );
    const [first, ...others] = builds.map((bytes) => withFileNames(bytes, name).subarray(headerOf(bytes).size));
    for (const other of others) expect(other.equals(first ?? Buffer.alloc(0))).toBe(true);
  });

  test('cut short anywhere it says so', () => {
    const bytes = compileAs(program, '/srv/build/site/m.py');
    const { size, layout } = headerOf(bytes);
    for (let end = size; end < bytes.length; end++) {
      expectTwins(bytes.subarray(0, end), size, layout, [bytes.indexOf('/srv/build')]);
      expect(readMarshal(bytes.subarray(0, end), size, layout)).toMatchObject({ ok: false, why: 'cut-short' });
    }
  });
});

/** What the kernel reads in its buffer, behind which the bytes of others still stand, is what the plain reader reads. */
function expectTwins(bytes: Uint8Array, start: number, layout: CodeLayout, places: readonly number[]): void {
  const here = KERNEL.buffer.subarray(0, bytes.length);
  here.set(bytes);
  expect(KERNEL.marshalStrings(here, start, layout, places)).toEqual(marshalStrings(bytes, start, layout, places));
}

test('the build has a kernel that reads marshal', () => {
  expect(KERNEL.marshalStrings).not.toBe(marshalStrings);
});

test('the kernel leaves to the plain reader what lies elsewhere, and more places than it has room for', () => {
  const bytes = Buffer.concat([Buffer.from('z\x7f', 'latin1'), Buffer.alloc(127, 'x')]);
  const places = bytes.map((_, index) => index);
  const wanted = [{ start: 0, payload: 2, end: 129, type: 'z', flagged: false, role: 'constant' }];
  expect(KERNEL.marshalStrings(bytes, 0, LAYOUTS['3.11'], [5])).toEqual(wanted);
  expectTwins(bytes, 0, LAYOUTS['3.11'], [...places]);
});

describe('bytes that no Python wrote', () => {
  const layouts = Object.values(LAYOUTS);

  function expectSound(bytes: Uint8Array): void {
    const places = Array.from({ length: Math.min(60, Math.ceil(bytes.length / 9)) }, (_, index) => 9 * index);
    for (const layout of layouts) {
      expectTwins(bytes, 0, layout, places);
      const marshal = readMarshal(bytes, 0, layout);
      if (!marshal.ok) {
        expect(marshal.at).toBeLessThanOrEqual(bytes.length);
        continue;
      }
      expect(marshal.end).toBeLessThanOrEqual(bytes.length);
      let last = 0;
      for (const { start, payload, end } of marshal.strings) {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(payload).toBeGreaterThan(start);
        expect(end).toBeGreaterThanOrEqual(payload);
        last = end;
      }
      expect(last).toBeLessThanOrEqual(marshal.end);
    }
  }

  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), expectSound), { numRuns: 3000 });
  });

  test('random bytes of the types that nest', () => {
    const types = fc.constantFrom(...[...'()[{<>:crRstzZaAuN0il'].map((char) => char.charCodeAt(0)));
    const byte = fc.oneof(
      types,
      types.map((type) => type | 0x80),
      fc.constantFrom(0, 1, 2, 3, 255),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 400 }), (bytes) => expectSound(Uint8Array.from(bytes))),
      { numRuns: 3000 },
    );
  });

  test('real byte code with some bytes changed', () => {
    const bytes =
      PYTHONS[0] === undefined ? Buffer.alloc(0) : compileAs(PYTHONS[0].program, '/srv/build/site/m.py').subarray(8);
    const change = fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of changes) changed[at] = value;
        expectSound(changed);
      }),
      { numRuns: 2000 },
    );
  });

  test('the strings at some places are those of all strings that hold one of them', () => {
    const bytes = PYTHONS.map(({ program }) => compileAs(program, '/srv/build/site/m.py'));
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat(), { maxLength: 5 }), (which, offsets) => {
        const file = bytes[which % Math.max(1, bytes.length)];
        if (file === undefined) return;
        const { size, layout } = headerOf(file);
        const places = offsets.map((offset) => offset % file.length).sort((a, b) => a - b);
        const marshal = readMarshal(file, size, layout, places);
        expectTwins(file, size, layout, places);
        const wanted = stringsOf(file).filter(({ payload, end }) => places.some((at) => at >= payload && at < end));
        expect(marshal).toEqual({ ok: true, strings: wanted, end: file.length });
      }),
      { numRuns: 300 },
    );
  });

  test('tuples nested deeper than CPython allows are refused, those within are read', () => {
    const nested = (depth: number): Buffer =>
      Buffer.concat([Buffer.from(')\x01'.repeat(depth), 'latin1'), Buffer.from('N')]);
    for (const depth of [1999, 2000, 2001]) expectTwins(nested(depth), 0, LAYOUTS['3.11'], [0]);
    expect(readMarshal(nested(1999), 0, LAYOUTS['3.11']).ok).toBe(true);
    expect(readMarshal(nested(100_000), 0, LAYOUTS['3.11'])).toMatchObject({ ok: false, why: 'too-deep' });
  });

  test('a tuple that claims two thousand million parts ends with the file', () => {
    expect(readMarshal(Buffer.from('(\xff\xff\xff\x7fNNN', 'latin1'), 0, LAYOUTS['3.11'])).toMatchObject({
      ok: false,
      why: 'cut-short',
    });
  });

  test('a reference to an object that never was', () => {
    expect(readMarshal(Buffer.from(')\x02Nr\x05\0\0\0', 'latin1'), 0, LAYOUTS['3.11'])).toMatchObject({
      ok: false,
      why: 'bad-reference',
      at: 3,
    });
  });

  test('heads that are no byte code have no header', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => void pycHeader(Buffer.from(bytes))));
    expect(pycHeader(Buffer.alloc(0))).toBeNull();
    expect(pycHeader(Buffer.from('#!/usr/bin/python3\n and more'))).toBeNull();
  });
});

test('a string that something else refers to as well is no file name', () => {
  // a tuple of one code object (3.11 layout) and of a reference to its co_filename
  const name = Buffer.from('\xfa\x04/p/x', 'latin1');
  const empty = Buffer.from(')\0');
  const code = Buffer.concat([
    Buffer.from('c'),
    Buffer.alloc(20),
    Buffer.from('s\0\0\0\0'),
    empty,
    empty,
    empty,
    Buffer.from('s\0\0\0\0'),
    name,
    Buffer.from('NN'),
    Buffer.alloc(4),
    Buffer.from('s\0\0\0\0s\0\0\0\0'),
  ]);
  const alone = Buffer.concat([Buffer.from(')\x01', 'latin1'), code]);
  const shared = Buffer.concat([Buffer.from(')\x02', 'latin1'), code, Buffer.from('r\0\0\0\0')]);
  const roles = (bytes: Buffer): unknown => {
    expectTwins(bytes, 0, LAYOUTS['3.11'], [bytes.indexOf('/p/x')]);
    const marshal = readMarshal(bytes, 0, LAYOUTS['3.11'], [bytes.indexOf('/p/x')]);
    return marshal.ok ? marshal.strings.map(({ role }) => role) : marshal;
  };
  expect(roles(alone)).toEqual(['filename']);
  expect(roles(shared)).toEqual(['constant']);
});
