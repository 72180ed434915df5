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
