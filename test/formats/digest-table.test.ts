/** What is held in a few bytes answers as the collections of the language do. */
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DigestTable } from '../../src/formats/digest-table.ts';
import { IndexSet } from '../../src/formats/index-set.ts';

test('a table of digests answers as a map does', () => {
  const table = new DigestTable();
  const map = new Map<string, number>();
  for (let i = 0; i < 5000; i++) {
    // every tenth is there twice: the last one counts
    const digest = hash('sha256', `${i % 4500}`);
    table.set(digest, i);
    map.set(digest, i);
  }
  for (const [digest, value] of map) expect(table.get(digest)).toBe(value);
  expect(table.get(hash('sha256', 'another'))).toBeUndefined();
});

test('a set of numbers answers as a set does', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30_000)), fc.nat(30_000), (numbers, other) => {
      const set = new IndexSet();
      for (const number of numbers) set.add(number);
      const expected = new Set(numbers);
      expect(set.size).toBe(expected.size);
      for (const number of [...numbers, other]) expect(set.has(number)).toBe(expected.has(number));
    }),
  );
});
