/** The strings of byte code that hold a prefix are the same whether the search says where prefixes stand or the rules look for themselves. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNeedles, findNeedles, judgeHits, plainPlaces } from '../src/formats/needles.ts';
import { wholeView } from '../src/io/file-view.ts';
import { probeTree } from '../src/io/tree-probe.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';
import type { Prefix } from '../src/model/prefix.ts';
import { claimFile } from '../src/rules/claiming.ts';
import { USUAL } from '../src/rules/rule.ts';

const FILE = asTreePath('lib/m.pyc');
const PREFIXES = ['/srv/site', '/srv/site/inner', '/srv/a b'].map((path): Prefix => ({
  path: asAbsolutePath(path),
  base: asTreePath(''),
  source: 'option',
  evidence: '',
}));
const NEEDLES = compileNeedles(PREFIXES);
const CONTEXT = probeTree(asAbsolutePath('/nowhere/that/exists'), PREFIXES, USUAL);

/** What byte code of 3.11 begins with: its magic number, no flags, time and size of the source. */
const HEADER = Buffer.concat([Buffer.from([0xa7, 0x0d, 0x0d, 0x0a]), Buffer.alloc(12)]);

const piece = fc.constantFrom(
  '/srv/site',
  '/srv/site/inner',
  '/srv/a b',
  '/srv/a%20b',
  '/',
  'x',
  '2',
  ':',
  '$',
  '\xc3',
  '\xa9',
);
const string = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('').slice(0, 255));

/** A tuple of strings. The length in front of each may look like a byte of a name, and so may the type behind it. */
function byteCode(strings: readonly string[]): Buffer {
  const objects = strings.map((text) => Buffer.from(`z${String.fromCharCode(text.length)}${text}`, 'latin1'));
  return Buffer.concat([HEADER, Buffer.from([0x29, strings.length]), ...objects]);
}

test('with what the search knows and without, the claims are the same', () => {
  let claims = 0;
  fc.assert(
    fc.property(fc.array(string, { minLength: 1, maxLength: 6 }), (strings) => {
      const bytes = byteCode(strings);
      const found = findNeedles(bytes, NEEDLES);
      const file = { path: FILE, names: [FILE], links: [], size: bytes.length, mode: 0o644 };
      const hits = judgeHits(bytes, NEEDLES, found);
      const [known, looked] = [plainPlaces(NEEDLES, found), null].map((places) =>
        claimFile(() => wholeView(file, bytes, places), [FILE], hits, CONTEXT),
      );
      expect(known).toEqual(looked);
      claims += known?.length ?? 0;
    }),
    { numRuns: 2000 },
  );
  expect(claims).toBeGreaterThan(1000);
});

test('a prefix behind a length that looks like a slash is found either way', () => {
  // 47 bytes: the length is a `/`
  const bytes = byteCode([`/srv/site/${'x'.repeat(37)}`]);
  const found = findNeedles(bytes, NEEDLES);
  expect(judgeHits(bytes, NEEDLES, found)).toEqual([]);
  for (const places of [plainPlaces(NEEDLES, found), null]) {
    const file = { path: FILE, names: [FILE], links: [], size: bytes.length, mode: 0o644 };
    const claimed = claimFile(() => wholeView(file, bytes, places), [FILE], [], CONTEXT);
    expect(claimed.map(({ code, site }) => ({ code, site }))).toEqual([
      { code: 'RL508', site: { kind: 'pyc', start: 20, end: 67 } },
    ]);
  }
});
