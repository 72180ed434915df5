/** ELF files with anything wrong in them, through the rules as a scan does it, in memory. */
import fc from 'fast-check';
import { compileNeedles, findHits } from '../../src/formats/needles.ts';
import { applySplices, mergeSplices } from '../../src/formats/splices.ts';
import { wholeView } from '../../src/io/file-view.ts';
import { probeTree } from '../../src/io/tree-probe.ts';
import { asAbsolutePath, asTreePath } from '../../src/model/path.ts';
import type { Reference } from '../../src/model/reference.ts';
import { claimFile } from '../../src/rules/claiming.ts';
import { USUAL } from '../../src/rules/rule.ts';
import { writeElf, type ElfRecipe } from './elf-writer.ts';

const PLACE = '/srv/build/site';
const NAME = asTreePath('bin/prog');
const PREFIX = { path: asAbsolutePath(PLACE), base: asTreePath(''), source: 'option', evidence: '' } as const;
const NEEDLES = compileNeedles([PREFIX]);

const WHOLE: ElfRecipe = {
  interpreter: `${PLACE}/lib/ld.so`,
  needed: [`${PLACE}/lib/libx.so`, 'libc.so.6'],
  runpath: `${PLACE}/lib:/opt/x/lib`,
  symbols: ['one', 'two', 'site/lib'],
  versions: [['libc.so.6', 'GLIBC_2.34']],
  sections: true,
  note: true,
  sharesTails: true,
};

/** Files that were cut short, or some of whose bytes were written over. */
export const damagedElf: fc.Arbitrary<Buffer> = fc
  .record({
    kind: fc.record({
      bits: fc.constantFrom(32 as const, 64 as const),
      bigEndian: fc.boolean(),
      hash: fc.constantFrom('sysv' as const, 'gnu' as const, 'none' as const),
    }),
    damage: fc.array(fc.tuple(fc.nat(1500), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.integer({ min: 1, max: 8 })), {
      maxLength: 6,
    }),
    size: fc.integer({ min: 64, max: 3000 }),
  })
  .map(({ kind, damage, size }) => {
    const bytes = writeElf({ ...WHOLE, ...kind }).subarray(0, size);
    for (const [at, value, run] of damage)
      if (at >= 4 && at < bytes.length) bytes.fill(value, at, Math.min(bytes.length, at + run));
    return bytes;
  });

/** What a scan finds in such a file. */
export function claimsIn(bytes: Buffer): readonly Reference[] {
  const options = { ...USUAL, grow: true, dropOutsideRpath: true };
  const context = probeTree(asAbsolutePath('/nowhere/that/exists'), [PREFIX], options);
  const view = { path: NAME, names: [NAME], links: [], size: bytes.length, mode: 0o755 };
  return claimFile(() => wholeView(view, bytes), [NAME], findHits(bytes, NEEDLES), context);
}

/** The file with all its relative forms carried out. */
export function relocatedElf(bytes: Buffer, references: readonly Reference[]): Buffer {
  const splices = references.map(({ fix, relative }) =>
    fix === 'relative' && relative?.kind === 'splices' ? relative.splices : [],
  );
  return applySplices(bytes, mergeSplices(...splices));
}
