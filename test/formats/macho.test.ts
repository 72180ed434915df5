/** Reading Mach-O files of any kind of damage, and writing paths and hashes into them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../../src/formats/byte-source.ts';
import { signatureOf } from '../../src/formats/code-signature.ts';
import { readMachO, type MachOSlice } from '../../src/formats/macho.ts';
import { MalformedMachO } from '../../src/formats/macho-commands.ts';
import { rewritePaths } from '../../src/formats/macho-edits.ts';
import { commandPaths } from '../../src/formats/macho-paths.ts';
import { pagesOf, renewSeals } from '../../src/formats/seals.ts';
import { applySplices } from '../../src/formats/splices.ts';
import { tiny } from '../support/macho.ts';

const SAMPLES = tiny(
  `names = [(IDENTITY, '/srv/lib/x'), (LOAD, '/srv/lib/y'), (RPATH, '/srv/lib')]
import base64
def show(image): print(base64.b64encode(image).decode())
for wide in (True, False):
    for order in '<>': show(thin(names, wide=wide, order=order, hashes=(2, 1), text=b'x' * 6000, room=600))
show(fat(thin(names, team='TEAM', cms=b'cms', room=400), thin(names, wide=False)))`,
)
  .trim()
  .split('\n')
  .map((line) => Buffer.from(line, 'base64'));

const sample = fc.constantFrom(...SAMPLES);

function slicesOf(bytes: Buffer): readonly MachOSlice[] {
  try {
    return readMachO(sourceOf(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedMachO);
    return [];
  }
}

/** All that is read of a file lies in the file, and in the part that it is said to be in. */
function expectInBounds(bytes: Buffer): void {
  for (const slice of slicesOf(bytes)) {
    expect(slice.end).toBeLessThanOrEqual(bytes.length);
    expect(slice.commandsEnd).toBeLessThanOrEqual(slice.end);
    const paths = commandPaths(slice);
    for (const { command, start, end, limit } of paths) {
      expect(command.at >= slice.start && limit <= slice.commandsEnd).toBe(true);
      expect(start > command.at && start <= end && end < limit).toBe(true);
      expect(bytes[end]).toBe(0);
    }
    const rewritten = rewritePaths(slice, new Map(paths.map((path) => [path, '@loader_path/../../../x'])));
    const splices = [...rewritten.values()].flatMap((way) => (way.ok ? way.splices : []));
    expect(applySplices(bytes, splices).length).toBe(bytes.length);
  }
  const signature = signatureOf(sourceOf(bytes));
  if (signature.kind !== 'renewable') return;
  for (const seal of signature.sealed.seals)
    expect(seal.end <= seal.at && seal.at + pagesOf(seal) * seal.width <= bytes.length).toBe(true);
  expect(applySplices(bytes, signature.sealed.edits).length).toBe(bytes.length);
  const renewed = Buffer.concat([...renewSeals([bytes], signature.sealed.seals)]);
  expect(renewed.length).toBe(bytes.length);
}

describe('a file with any damage', () => {
  test('in some of its numbers is read within its bounds, or refused', () => {
    const damage = fc.array(
      fc.tuple(fc.nat(900), fc.oneof(fc.nat(0xffffffff), fc.nat(2000), fc.constant(0xffffffff))),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(sample, damage, fc.boolean(), (whole, changes, fromEnd) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) {
          const place = fromEnd ? bytes.length - 4 - Math.min(at, bytes.length - 4) : Math.min(at, bytes.length - 4);
          bytes.writeUInt32BE(value, place);
        }
        expectInBounds(bytes);
      }),
      { numRuns: 600 },
    );
  });

  test('that is cut off anywhere, too', () => {
    fc.assert(
      fc.property(sample, fc.nat(7000), (whole, length) => expectInBounds(Buffer.from(whole.subarray(0, length)))),
      { numRuns: 300 },
    );
  });

  test('that is noise behind a magic, too', () => {
    const magic = fc.constantFrom('feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe', 'cafebabf', 'bebafeca');
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 300 }), (start, noise) =>
        expectInBounds(Buffer.concat([Buffer.from(start, 'hex'), noise])),
      ),
      { numRuns: 500 },
    );
  });
});

test('paths of any length are written as they are asked for, or not at all, and everything else stays', () => {
  const text = fc.string({ minLength: 1, maxLength: 90, unit: fc.constantFrom('/', 'a', 'é', '.') });
  fc.assert(
    fc.property(sample, fc.array(text, { minLength: 3, maxLength: 3 }), (bytes, texts) => {
      for (const [index, slice] of slicesOf(bytes).entries()) {
        const paths = commandPaths(slice);
        const asked = new Map(paths.map((path, i) => [path, texts[i] ?? 'x']));
        const rewritten = rewritePaths(slice, asked);
        const splices = [...new Set([...rewritten.values()].flatMap((way) => (way.ok ? way.splices : [])))];
        const after = applySplices(bytes, splices);
        const now = slicesOf(after)[index];
        expect(now?.contentStart).toBe(slice.contentStart);
        expect(after.subarray(slice.contentStart).equals(bytes.subarray(slice.contentStart))).toBe(true);
        const found =
          now === undefined ? [] : commandPaths(now).map(({ start, end }) => after.toString('utf8', start, end));
        const expected = paths.map((path) =>
          rewritten.get(path)?.ok === true ? asked.get(path) : bytes.toString('utf8', path.start, path.end),
        );
        expect(found).toEqual(expected);
      }
    }),
    { numRuns: 300 },
  );
});

describe('the hashes of a signed file', () => {
  test('are what they are when nothing changed, however the bytes come in', () => {
    fc.assert(
      fc.property(sample, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (bytes, lengths) => {
        const signature = signatureOf(sourceOf(bytes));
        const chunks = function* (): Generator<Buffer> {
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const length = lengths[i % lengths.length] ?? 1;
            yield bytes.subarray(at, at + length);
            at += length;
          }
        };
        const seals = signature.kind === 'renewable' ? signature.sealed.seals : [];
        expect(seals.length).toBeGreaterThan(0);
        expect(Buffer.concat([...renewSeals(chunks(), seals)]).equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('are not made for a file that ends before them', () => {
    const [bytes = Buffer.alloc(0)] = SAMPLES;
    const signature = signatureOf(sourceOf(bytes));
    const seals = signature.kind === 'renewable' ? signature.sealed.seals : [];
    expect(() => [...renewSeals([bytes.subarray(0, 6000)], seals)]).toThrow(RangeError);
  });
});
