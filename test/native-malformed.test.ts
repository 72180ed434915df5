/** Native files whose headers lie: each path in them is claimed all the same, nothing is read out of range, and no edit leaves its slot. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeAbsolute } from '../src/formats/absolute-form.ts';
import { sourceOf } from '../src/formats/byte-source.ts';
import { readElf } from '../src/formats/elf-headers.ts';
import { MalformedElf } from '../src/formats/elf.ts';
import { compileNeedles, findHits } from '../src/formats/needles.ts';
import { nativeFacts } from '../src/formats/native-facts.ts';
import { hasPayload } from '../src/formats/payload.ts';
import { wholeView } from '../src/io/file-view.ts';
import { probeTree } from '../src/io/tree-probe.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';
import type { Prefix } from '../src/model/prefix.ts';
import type { Reference } from '../src/model/reference.ts';
import { claimFile } from '../src/rules/claiming.ts';
import { USUAL } from '../src/rules/rule.ts';
import { writeElf } from './support/elf-writer.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url).pathname;
const PLACE = asAbsolutePath('/srv/build/site');
const PREFIX: Prefix = { path: PLACE, base: asTreePath(''), source: 'option', evidence: '' };
const NEEDLES = compileNeedles([PREFIX]);
const CONTEXT = probeTree(PLACE, [PREFIX], { ...USUAL, stripDebugPaths: true });
const FILE = asTreePath('bin/x');

function referencesIn(bytes: Buffer): readonly Reference[] {
  const view = { path: FILE, names: [FILE], links: [], size: bytes.length, mode: 0o755 };
  return claimFile(() => wholeView(view, bytes), [FILE], findHits(bytes, NEEDLES), CONTEXT);
}

const SAMPLES = [
  'debug-info/a-program/tree/bin/program',
  'debug-info/compressed/tree/bin/program',
  'object-file/a-static-library/tree/lib/libx.a',
  'object-file/object-code-of-compilers/tree/lib/thin.a',
  'path-in-c-string/shared-and-copied/tree/bin/shared',
  'path-in-binary/pieces-between-instructions/tree/bin/copied',
  'trailing-payload/behind-a-program/tree/bin/pyinstaller',
] as const;

/** Bytes of headers that are worth a lie: none, all, signs, and small numbers. */
const LIES = fc.oneof(fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff), fc.nat(255));

describe.each(SAMPLES)('%s', (sample) => {
  const original = readFileSync(FIXTURES + sample);

  test('with any bytes changed, cut anywhere', () => {
    const change = fc.tuple(fc.nat(original.length - 1), LIES, fc.integer({ min: 1, max: 8 }));
    const cut = fc.option(fc.nat(original.length));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), cut, (changes, length) => {
        const bytes = Buffer.from(original);
        for (const [at, value, count] of changes) bytes.fill(value, at, Math.min(at + count, bytes.length));
        check(length === null ? bytes : bytes.subarray(0, length));
      }),
      { numRuns: 100 },
    );
  });

  test('with every byte of its first headers set to one of the worst values', () => {
    for (let at = 4; at < Math.min(128, original.length); at++) {
      const bytes = Buffer.from(original);
      bytes[at] = at % 2 === 0 ? 0 : 0xff;
      check(bytes);
    }
  });
});

describe('more of something than a stack or a memory holds', () => {
  const SECTION_BYTES = 64;

  /** The program with so many section headers, all of them empty, behind it: section 0 says how many (gABI, e_shnum). */
  function withSections(program: Buffer, count: number): Buffer {
    const headers = Buffer.alloc(count * SECTION_BYTES);
    headers.writeBigUInt64LE(BigInt(count), 32);
    const bytes = Buffer.concat([program, headers]);
    bytes.writeBigUInt64LE(BigInt(program.length), 0x28);
    bytes.writeUInt16LE(SECTION_BYTES, 0x3a);
    bytes.writeUInt16LE(0, 0x3c);
    return bytes;
  }

  test('sections', () => {
    const program = withSections(writeElf({ constants: [`${PLACE}/share`] }), 150_000);
    expect(referencesIn(program)).toMatchObject([{ file: FILE }]);
    expect(hasPayload(readElf(sourceOf(program)))).toBe(false);
  });

  test('headers in a file of zeros, of which no byte is on a disk', () => {
    const size = 2 ** 40;
    const head = withSections(writeElf({}), 1);
    head.writeBigUInt64LE(BigInt(size / SECTION_BYTES / 2), head.length - SECTION_BYTES + 32);
    const zeros = {
      size,
      region: (start: number, end: number) => Buffer.concat([head.subarray(start), Buffer.alloc(256)], end - start),
    };
    expect(() => readElf(zeros)).toThrow(MalformedElf);
  });

  test('strings with the path', () => {
    const constants = Array.from({ length: 150_000 }, (_, index) => `${PLACE}/${index}`);
    expect(referencesIn(writeElf({ constants, sections: true }))).toHaveLength(constants.length);
  });

  test('tags that read the same long string, each from another place on', () => {
    const text = `${PLACE}/${'a'.repeat(60_000)}`;
    const needed = Array.from({ length: 1000 }, (_, index) => text.slice(index));
    const program = writeElf({ needed, sharesTails: true });
    expect(program.length).toBeLessThan(2 * text.length);
    expect(referencesIn(program)).toMatchObject([{ file: FILE }]);
    expect(nativeFacts(sourceOf(program))).toBeNull();
  });
});

function check(bytes: Buffer): void {
  const hits = findHits(bytes, NEEDLES);
  const references = referencesIn(bytes);
  expect(references.length).toBeGreaterThanOrEqual(hits.length);
  for (const { absolute, relative, site } of references) {
    if (site.kind !== 'slot') continue;
    const written = absolute === undefined ? null : writeAbsolute(absolute, '/n');
    const splices = written?.ok === true ? written.splices : relative?.kind === 'splices' ? relative.splices : [];
    const stray = splices.filter(({ start, end, text }) => end > bytes.length || text.length !== end - start);
    expect(stray).toEqual([]);
  }
  try {
    hasPayload(readElf(sourceOf(bytes)));
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedElf);
  }
}
