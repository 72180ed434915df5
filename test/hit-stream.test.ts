/** Prefixes are found the same in pieces as in one buffer, wherever the pieces are cut. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapePath, ESCAPINGS } from '../src/formats/escaping.ts';
import { HitStream } from '../src/formats/hit-stream.ts';
import { compileNeedles, findHits } from '../src/formats/needles.ts';
import { WordCount } from '../src/formats/word-count.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';
import type { Prefix } from '../src/model/prefix.ts';

const prefixes: Prefix[] = ['/srv/build/my site', '/srv/build/my site/env', '/opt/x'].map((path) => ({
  path: asAbsolutePath(path),
  base: asTreePath(''),
  source: 'tree',
  evidence: '',
}));
const needles = compileNeedles(prefixes);

/** Bytes in which prefixes stand in all escapings, whole and in part, with all kinds of neighbours. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...prefixes.flatMap(({ path }) => ESCAPINGS.flatMap((escaping) => escapePath(path, escaping) ?? [])),
      ),
      fc.constantFrom('/', '"', '\0', ' ', 'x', '2', '-old', '/lib', '\n', '$', '//').map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
      fc.nat(9000).map((size) => Buffer.alloc(size, 'filler ')),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts));

function* cut(whole: Buffer, sizes: readonly number[]): Generator<Buffer, void, void> {
  for (let at = 0, i = 0; at < whole.length; i++) {
    const size = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? 1);
    yield Buffer.from(whole.subarray(at, at + size));
    at += size;
  }
}

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10_000 })), {
  minLength: 1,
  maxLength: 5,
});

test('hits', () => {
  fc.assert(
    fc.property(bytes, sizes, (whole, sizes) => {
      const stream = new HitStream(needles);
      const found = [...cut(whole, sizes)].flatMap((piece) => stream.push(piece));
      found.push(...stream.end());
      expect(found).toEqual(findHits(whole, needles));
      expect(new HitStream(needles).whole(whole)).toEqual(found);
    }),
    { numRuns: 500 },
  );
});

test('words', () => {
  const word = '@@RELOCATE_PREFIX@@';
  const parts = fc.constantFrom(
    Buffer.from(word),
    Buffer.from(word, 'utf16le'),
    Buffer.from('RELOCATE_'),
    Buffer.from('x\0'),
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 20 }), sizes, (parts, sizes) => {
      const words = parts.filter((part) => part.includes('PREFIX') || part.includes('P\0R\0E\0F\0I\0X')).length;
      const count = new WordCount(word);
      expect(Buffer.concat([...count.counting(cut(Buffer.concat(parts), sizes))]).equals(Buffer.concat(parts))).toBe(
        true,
      );
      expect(count.count()).toBe(words);
    }),
    { numRuns: 500 },
  );
});
