/** The search gives the same hits however a file is cut into windows. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBytes } from '../../src/formats/byte-text.ts';
import { compileNeedles, findHits, type Hit, type Needles } from '../../src/formats/needles.ts';
import { writtenForms } from '../../src/formats/written-forms.ts';
import { asAbsolutePath, asTreePath } from '../../src/model/path.ts';
import type { Prefix } from '../../src/model/prefix.ts';

function prefix(path: string): Prefix {
  return { path: asAbsolutePath(path), base: asTreePath(''), source: 'tree', evidence: '' };
}

/** Searches window by window, as a file too large to hold is read: each window with its margins, hits counted once. */
function inWindows(bytes: Buffer, needles: Needles, size: number): Hit[] {
  const { behind, ahead } = needles.margin;
  const hits: Hit[] = [];
  for (let from = 0; from < bytes.length; from += size) {
    const base = Math.max(0, from - behind) & ~3;
    const window = bytes.subarray(base, Math.min(bytes.length, from + size + ahead));
    const found = findHits(window, needles, from - base, Math.min(bytes.length, from + size) - base);
    hits.push(...found.map((hit) => ({ ...hit, start: hit.start + base, end: hit.end + base })));
  }
  return hits;
}

const NASTY = [
  '/srv/site',
  '/srv/site/env',
  '/x/my site',
  "/x/it's",
  '/x/$a&b',
  '/x/é',
  '/x/\udcff',
  '/x/a\nb',
  '/opt/my /srv/site',
  '/x/a%20b',
];

/** Pieces from which files are built: the prefixes in all spellings, whole and cut short, and what stands around paths. */
function pieces(paths: readonly string[]): fc.Arbitrary<Buffer> {
  const forms = paths.flatMap((path) => writtenForms(path).map(({ bytes }) => bytes));
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...forms) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...forms), fc.nat(20))
        .map(([form, cut]) => form.subarray(0, form.length - cut)),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        ...[
          '/',
          '//',
          'x',
          '2',
          '-',
          '.',
          '..',
          ' ',
          '\n',
          '"',
          ':',
          'file://',
          '$',
          '\\',
          '\\ ',
          '\0',
          '%',
          '%2F',
          'é',
          '&#x2F;',
          '\\u002f',
        ].map((text) => Buffer.from(text)),
      ),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        Buffer.alloc(1500, 'n'),
        Buffer.alloc(1100, '/'),
        Buffer.alloc(70, '.'),
        Buffer.alloc(5000, 'ab '),
      ),
    },
  );
}

describe('windows', () => {
  test('of any size give what the whole gives', () => {
    const cases = fc.record({
      paths: fc.subarray(NASTY, { minLength: 1 }),
      sizes: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        cases.chain(({ paths, sizes }) =>
          fc.tuple(fc.constant(paths), fc.constant(sizes), fc.array(pieces(paths), { maxLength: 14 })),
        ),
        ([paths, sizes, parts]) => {
          const bytes = Buffer.concat(parts);
          const needles = compileNeedles(paths.map(prefix));
          const whole = findHits(bytes, needles);
          for (const size of sizes) expect(inWindows(bytes, needles, size)).toEqual(whole);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('of one byte', () => {
    const needles = compileNeedles([prefix('/srv/site'), prefix('/srv/site/env')]);
    const text =
      'a=/srv/site/env/x:/srv/site2 -I/srv/site\0\\/srv\\/site %2Fsrv%2Fsite file:///srv/site. /mnt/srv/site';
    const bytes = Buffer.concat([
      Buffer.from(text),
      Buffer.from('/srv/site "/srv/site"', 'utf16le'),
      Buffer.from('/srv/site'),
    ]);
    const whole = findHits(bytes, needles);
    expect(whole.length).toBe(8);
    expect(inWindows(bytes, needles, 1)).toEqual(whole);
  });
});

test('hits never overlap, are sorted, and hold a written form of their prefix', () => {
  fc.assert(
    fc.property(fc.array(pieces(NASTY), { maxLength: 20 }), (parts) => {
      const bytes = Buffer.concat(parts);
      let last = 0;
      for (const { start, end, prefix: found, escaping } of findHits(bytes, compileNeedles(NASTY.map(prefix)))) {
        expect(start).toBeGreaterThanOrEqual(last);
        last = end;
        const forms = NASTY.flatMap((path) => writtenForms(path).map((form) => ({ ...form, path })));
        expect(
          forms.some(
            (form) =>
              form.path === found.path && form.escaping === escaping && form.bytes.equals(bytes.subarray(start, end)),
          ),
        ).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});

test.each(NASTY)('every written form of %j is found', (path) => {
  for (const { bytes, escaping } of writtenForms(path)) {
    const space = escaping.startsWith('utf-')
      ? Buffer.from(escaping.includes('32') ? [0, 0, 0, 0] : [0, 0])
      : Buffer.from('"');
    const text = Buffer.concat([space, bytes, space]);
    const hits = findHits(text, compileNeedles([prefix(path)]));
    expect(hits.map(({ start, end }) => [start, end])).toEqual([[space.length, space.length + bytes.length]]);
  }
});

test('the plain search finds the bytes alone', () => {
  const needles = compileNeedles([prefix('/x/\udcff')], 'plain');
  expect(findHits(Buffer.from('"/x/\\udcff"'), needles)).toEqual([]);
  expect(findHits(Buffer.concat([Buffer.from('"'), encodeBytes('/x/\udcff'), Buffer.from('"')]), needles)).toHaveLength(
    1,
  );
});

test('ASCII text in UTF-16 is taken for the byte order in which it is aligned', () => {
  const needles = compileNeedles([prefix('/srv/site')]);
  const escapings = (bytes: Buffer): string[] => findHits(bytes, needles).map(({ escaping }) => escaping);
  const little = Buffer.from('a /srv/site b', 'utf16le');
  expect(escapings(little)).toEqual(['utf-16le']);
  expect(escapings(Buffer.from(little).swap16())).toEqual(['utf-16be']);
  const wide = Buffer.concat([...'a /srv/site b'].map((char) => Buffer.from([char.charCodeAt(0), 0, 0, 0])));
  expect(escapings(wide)).toEqual(['utf-32le']);
  expect(escapings(Buffer.from(wide).swap32())).toEqual(['utf-32be']);
});
