import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBytes } from '../../src/formats/byte-text.ts';
import { applySplices, mergeSplices, putSplices, spliceChunks, splicedSize } from '../../src/formats/splices.ts';
import type { Splice } from '../../src/model/reference.ts';

/** A file and splices that fit it, from cut points in order. */
const cases = fc
  .record({
    bytes: fc.uint8Array({ maxLength: 80 }),
    cuts: fc.array(fc.nat(80), { maxLength: 12 }),
    text: fc.uint8Array({ maxLength: 5 }),
  })
  .map(({ bytes, cuts, text }) => {
    const points = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b);
    const splices: Splice[] = [];
    for (let at = 0; at + 1 < points.length; at += 2)
      splices.push({ start: points[at] ?? 0, end: points[at + 1] ?? 0, text: decodeBytes(Buffer.from(text)) });
    return { bytes: Buffer.from(bytes), splices };
  });

/** The plain way: from the last to the first, on a list of numbers. */
function byHand(bytes: Buffer, splices: readonly Splice[], text: (splice: Splice) => Buffer): Buffer {
  const numbers = [...bytes];
  for (const splice of splices.toReversed()) numbers.splice(splice.start, splice.end - splice.start, ...text(splice));
  return Buffer.from(numbers);
}

describe('splices', () => {
  test('give the same bytes whole, in chunks of any size, and by hand', () => {
    fc.assert(
      fc.property(
        cases,
        fc.integer({ min: 1, max: 9 }),
        fc.uint8Array({ maxLength: 5 }),
        ({ bytes, splices }, width, text) => {
          const same = splices.map((splice) => ({ ...splice, text: decodeBytes(Buffer.from(text)) }));
          const expected = byHand(bytes, same, () => Buffer.from(text));
          const chunks: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += width) chunks.push(bytes.subarray(at, at + width));
          expect(applySplices(bytes, same)).toEqual(expected);
          expect(Buffer.concat([...spliceChunks(chunks, same)])).toEqual(expected);
          expect(splicedSize(bytes.length, same)).toBe(expected.length);
          const room = Buffer.alloc(2 + expected.length);
          expect(putSplices(bytes, same, room, 2)).toBe(room.length);
          expect(room.subarray(2)).toEqual(expected);
        },
      ),
    );
  });

  test('insert at the start, at the end and into an empty file', () => {
    expect(
      applySplices(Buffer.from('ab'), [
        { start: 0, end: 0, text: '<' },
        { start: 2, end: 2, text: '>' },
      ]).toString(),
    ).toBe('<ab>');
    expect(applySplices(Buffer.alloc(0), [{ start: 0, end: 0, text: 'x' }]).toString()).toBe('x');
  });

  test('put an insertion before a replacement that starts at the same offset', () => {
    const splices = [
      { start: 1, end: 2, text: 'X' },
      { start: 1, end: 1, text: '+' },
    ];
    expect(applySplices(Buffer.from('abc'), splices).toString()).toBe('a+Xc');
  });

  test('that are the same count once', () => {
    const splice = { start: 1, end: 2, text: 'X' };
    expect(mergeSplices([splice], [{ ...splice }])).toEqual([splice]);
  });

  test.each([
    [
      'overlap',
      [
        { start: 0, end: 3, text: '' },
        { start: 2, end: 4, text: '' },
      ],
    ],
    [
      'insert different texts at one offset',
      [
        { start: 1, end: 1, text: 'a' },
        { start: 1, end: 1, text: 'b' },
      ],
    ],
    ['are no ranges', [{ start: 3, end: 2, text: '' }]],
    ['lie beyond the end', [{ start: 3, end: 9, text: '' }]],
    ['insert beyond the end', [{ start: 9, end: 9, text: 'x' }]],
  ])('that %s are refused', (_, splices) => {
    expect(() => applySplices(Buffer.from('abcde'), splices)).toThrow(RangeError);
  });

  test('that end beyond a file held whole are not put', () => {
    const splices = [{ start: 3, end: 9, text: '' }];
    expect(() => putSplices(Buffer.from('abcde'), splices, Buffer.alloc(9), 0)).toThrow(
      new RangeError('the file ends at 5, before its last edit'),
    );
  });
});
