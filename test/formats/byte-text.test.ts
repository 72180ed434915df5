/** Bytes as strings and back, against Python's surrogateescape. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, decodeBytes, encodeBytes, showBytes } from '../../src/formats/byte-text.ts';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'binary' }).map((text) => new Uint8Array(Buffer.from(text))),
  fc
    .array(fc.constantFrom(0xed, 0xa0, 0x80, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xef, 0xbb, 0xbf, 0x41, 0xff), {
      maxLength: 20,
    })
    .map((list) => Uint8Array.from(list)),
);

describe('decode and encode', () => {
  test('are inverses for all bytes', () => {
    fc.assert(
      fc.property(bytes, (raw) => {
        expect(encodeBytes(decodeBytes(Buffer.from(raw)))).toEqual(Buffer.from(raw));
      }),
      { numRuns: 2000 },
    );
  });

  test('every single byte and every pair', () => {
    for (let first = 0; first < 256; first++)
      for (let second = 0; second < 256; second++) {
        const pair = Buffer.from([first, second]);
        expect(encodeBytes(decodeBytes(pair)).equals(pair)).toBe(true);
      }
  });

  test('give what Python gives with surrogateescape', () => {
    const samples = fc.sample(bytes, 300).map((raw) => Buffer.from(raw));
    const script =
      "import sys,json; print(json.dumps([bytes.fromhex(l.strip()).decode('utf-8','surrogateescape') for l in sys.stdin]))";
    const output = execFileSync('python3', ['-c', script], {
      input: samples.map((raw) => `${raw.toString('hex')}\n`).join(''),
    });
    expect(samples.map((raw) => decodeBytes(raw))).toEqual(JSON.parse(output.toString('utf8')));
  });

  test('keep a byte order mark', () => {
    expect(decodeBytes(Buffer.from([0xef, 0xbb, 0xbf, 0x61]))).toBe('\ufeffa');
  });
});

test('compareBytes orders by bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, (left, right) => {
      const order = Buffer.compare(Buffer.from(left), Buffer.from(right));
      expect(Math.sign(compareBytes(decodeBytes(Buffer.from(left)), decodeBytes(Buffer.from(right))))).toBe(order);
    }),
    { numRuns: 1000 },
  );
});

test('showBytes leaves nothing that would break a line or a terminal', () => {
  expect(showBytes('a\nb\tc\r\x1b[0m\\ \udcff é 😀')).toBe('a\\nb\\tc\\r\\x1b[0m\\\\ \\xff é 😀');
  fc.assert(
    fc.property(bytes, (raw) => {
      expect(showBytes(decodeBytes(Buffer.from(raw)))).toMatch(/^[^\u0000-\u001f\u007f-\u009f\udc80-\udcff]*$/u);
    }),
  );
});
