/** Names of files that have several: whatever order they come in, each file has all of its own, with their keys and their bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileNames, type KeyedName } from '../src/io/file-names.ts';
import { asTreePath } from '../src/model/path.ts';

// the second is no safe integer, and rounds to the same as the third
const INODES = ['7:12', '7:9007199254740993', '7:9007199254740992', '8:12'];

const name = fc.record({
  inode: fc.constantFrom(...INODES),
  path: fc.constantFrom('bin/tool', 'lib/gr\u00fc\u00df', 'lat\udcedn', 'new\nline').map(asTreePath),
  key: fc.nat({ max: 0xffff_ffff }),
});

function sorted(names: readonly KeyedName[]): string[] {
  return names.map(({ path, key }) => JSON.stringify([path, key])).sort();
}

describe('names of files', () => {
  it('are told of each file, whatever came between them', () => {
    fc.assert(
      fc.property(fc.array(name), fc.constantFrom(...INODES), (given, taken) => {
        const names = new FileNames();
        const seen = new Set<string>();
        for (const { inode, path, key } of given) {
          expect(names.add(inode, { path, key })).toBe(!seen.has(inode));
          seen.add(inode);
        }
        const of = (inode: string): KeyedName[] => given.filter((one) => one.inode === inode);
        expect(sorted(names.take(taken))).toEqual(sorted(of(taken)));
        expect(names.take(taken)).toEqual([]);
        const left = INODES.filter((inode) => inode !== taken && seen.has(inode));
        const told = [...names.all()].map((group) => JSON.stringify(sorted(group)));
        expect(told.sort()).toEqual(left.map((inode) => JSON.stringify(sorted(of(inode)))).sort());
        names.close();
      }),
    );
  });

  it('are told too where they are more than memory holds', () => {
    const names = new FileNames();
    for (let key = 0; key < 40_000; key++)
      names.add(`1:${key % 20_000}`, { path: asTreePath(`${'folder/'.repeat(20)}${key}`), key });
    expect(names.take('1:5').map(({ key }) => key)).toEqual([20_005, 5]);
    expect([...names.all()].every((all) => all.length === 2)).toBe(true);
    names.close();
  });
});
