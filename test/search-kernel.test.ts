/** The search kernel finds what a plain search finds, wherever it stands in the buffer. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNeedles, findNeedles, type Needles } from '../src/formats/needles.ts';
import { writtenForms } from '../src/formats/written-forms.ts';
import { kernelFinder, plainKernel, searchKernel, type SearchKernel } from '../src/io/search-kernel.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';

const PATHS = [
  '/srv/site',
  '/srv/site/env',
  '/srv/site2',
  '/a',
  '/é',
  '/x/my site',
  '/x/\udcff',
  '/opt/my /srv/site',
  ...Array.from({ length: 16 }, (_, i) => `/srv/build/instance${i}/parts`),
];

function needlesOf(paths: readonly string[]): Needles {
  return compileNeedles(
    paths.map((path) => ({ path: asAbsolutePath(path), base: asTreePath(''), source: 'tree', evidence: '' })),
  );
}

/** Pairs of needle and offset, sorted. */
function found(kernel: SearchKernel, bytes: Buffer): string[] {
  bytes.copy(kernel.buffer);
  return pairsOf(kernel.find(bytes.length));
}

function pairsOf(places: ArrayLike<number>): string[] {
  const numbers = Array.from(places);
  return numbers.flatMap((number, i) => (i % 2 === 0 ? [`${number} ${numbers[i + 1]}`] : [])).sort();
}

const SIZE = 64 * 1024;

test('the build has the kernel', () => {
  expect(searchKernel(needlesOf(['/srv/site']), SIZE).constructor.name).toBe('WasmKernel');
});

test('it finds what the plain search finds', () => {
  const forms = PATHS.flatMap((path) => writtenForms(path).map(({ bytes }) => bytes));
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...forms) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...forms), fc.nat(12), fc.nat(12))
        .map(([form, from, cut]) => form.subarray(from, Math.max(from, form.length - cut))),
    },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.nat(300).map((size) => Buffer.alloc(size, 'rv/site')) },
  );
  const cases = fc.record({
    paths: fc.subarray(PATHS, { minLength: 1 }),
    files: fc.array(fc.array(piece, { maxLength: 60 }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(cases, ({ paths, files }) => {
      const needles = needlesOf(paths);
      const [kernel, plain] = [searchKernel(needles, SIZE), plainKernel(needles, SIZE)];
      // one file after another: what is left of the last one is no part of the next
      for (const parts of files) {
        const bytes = Buffer.concat(parts).subarray(0, SIZE);
        expect(found(kernel, bytes)).toEqual(found(plain, bytes));
      }
    }),
    { numRuns: 100 },
  );
});

/** Needles that are no paths. */
function anyNeedles(all: readonly Buffer[]): Needles {
  const [prefix] = [{ path: asAbsolutePath('/x'), base: asTreePath(''), source: 'tree', evidence: '' } as const];
  const needles = all.map((bytes) => ({ bytes, prefix, escaping: 'plain', plain: null, twin: null }) as const);
  return { needles, anchors: null, margin: { behind: 0, ahead: 0 } };
}

test('it finds any needles, however short, alike and overlapping, in bytes that are made of the same', () => {
  // few kinds of bytes, so that needles and parts of them are everywhere
  const few = fc.uint8Array({ maxLength: 40, max: 3 });
  const bytes = fc.oneof({ weight: 3, arbitrary: few }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) });
  const needle = fc.oneof(few, bytes).filter(({ length }) => length > 0);
  const cases = fc.record({
    all: fc.uniqueArray(needle, {
      minLength: 1,
      maxLength: 40,
      selector: (found) => Buffer.from(found).toString('hex'),
    }),
    parts: fc.array(fc.oneof(bytes, fc.nat(39)), { maxLength: 60 }),
  });
  fc.assert(
    fc.property(cases, ({ all, parts }) => {
      const needles = anyNeedles(all.map((found) => Buffer.from(found)));
      const text = Buffer.concat(
        parts.map((part) => (typeof part === 'number' ? (all[part % all.length] ?? []) : part)).map(Buffer.from),
      );
      const [kernel, plain] = [searchKernel(needles, SIZE), plainKernel(needles, SIZE)];
      expect(found(kernel, text)).toEqual(found(plain, text));
    }),
    { numRuns: 500 },
  );
});

test('a needle is found at every offset, up to the last byte that counts and no further', () => {
  // what one pair of bytes, two, and more find
  const sets = [
    anyNeedles([Buffer.from('/srv/site')]),
    ...[['/srv/site'], ['/a'], ['/x', '/opt/é'], PATHS].map(needlesOf),
  ];
  for (const needles of sets) {
    const kernel = searchKernel(needles, SIZE);
    for (const { bytes } of needles.needles.slice(0, 30)) {
      const index = needles.needles.findIndex((needle) => needle.bytes === bytes);
      for (let at = 0; at < 70; at++) {
        const end = at + bytes.length;
        // the needle itself lies in the buffer for each of these lengths
        kernel.buffer.fill(0xfe, 0, end + 256);
        bytes.copy(kernel.buffer, at);
        const seen = (length: number): boolean => pairsOf(kernel.find(length)).includes(`${index} ${at}`);
        expect([end - 1, end, end + 1, end + 64].map(seen)).toEqual([false, true, true, true]);
      }
    }
  }
});

test('more matches than there is room for at a time are all given', () => {
  const needles = needlesOf(['/a', '/a/b']);
  const bytes = Buffer.alloc(SIZE, '/a/b ');
  expect(found(searchKernel(needles, SIZE), bytes)).toEqual(found(plainKernel(needles, SIZE), bytes));
});

test('bytes that are longer than the buffer are searched to their end, each place once', () => {
  const needles = needlesOf(['/srv/site', '/a']);
  const find = kernelFinder(needles);
  const needle = Buffer.from('/srv/site');
  for (const step of [256 * 1024, 512 * 1024])
    for (let before = 0; before <= needle.length; before++) {
      const bytes = Buffer.alloc(600 * 1024, 'x');
      needle.copy(bytes, step - before);
      needle.copy(bytes, bytes.length - needle.length);
      expect(pairsOf(find(bytes))).toEqual(pairsOf(findNeedles(bytes, needles)).sort());
    }
});
