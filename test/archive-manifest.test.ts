/** The manifest: one description of its shape, canonical bytes, and a schema for other tools. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manifestBytes, parseManifest } from '../src/formats/manifest-json.ts';
import { checkManifest } from '../src/formats/manifest-rules.ts';
import { manifestSchema } from '../src/formats/manifest-shape.ts';
import { parseRenderedList, renderedListText } from '../src/formats/rendered-list.ts';
import type { ManifestEntry } from '../src/model/manifest-entry.ts';
import type { Manifest } from '../src/model/manifest.ts';
import { asTreePath } from '../src/model/path.ts';
import { file, folder, frame, hardLink, symlink } from './support/archives.ts';

const entries: ManifestEntry[] = [
  folder('a'),
  {
    ...file('a/x', 'text @@RELOCATE_PREFIX@@', {
      sites: [{ start: 5, end: 24, escaping: 'plain', base: asTreePath('') }],
    }).entry,
    sparse: true,
    owner: { uid: 1, gid: 2, user: 'daemon', group: '' },
  },
  { ...symlink('l\udced', 'a/x'), xattrs: [{ name: 'user.x', value: 'eA==' }] },
  { type: 'block-device', path: asTreePath('m'), mode: 0o600, mtime: '-1', major: 7, minor: 77 },
  { type: 'fifo', path: asTreePath('n'), mode: 0o600, mtime: '0' },
  hardLink('z', 'a/x'),
];

function manifest(): Manifest {
  const own = ['install.sh', 'render.list'].map((name) => ({
    path: asTreePath(`.relocate/${name}`),
    size: 1,
    sha256: '0'.repeat(64),
  }));
  return { ...frame(entries), own };
}

test('docs/manifest.schema.json says what is checked', async () => {
  await expect(`${JSON.stringify(manifestSchema, null, 2)}\n`).toMatchFileSnapshot('../docs/manifest.schema.json');
});

describe('the bytes', () => {
  test('are read back as they were, one line for each entry', () => {
    const bytes = Buffer.concat([...manifestBytes(manifest())]);
    expect(parseManifest(bytes)).toEqual(manifest());
    expect(bytes.toString('utf8').split('\n')).toHaveLength(entries.length + 3);
    expect(Object.keys(JSON.parse(bytes.toString('utf8')) as object)).toContain('entries');
    expect([...checkManifest(manifest()).keys()]).toEqual(entries.map(({ path }) => path));
  });

  test('of an empty tree too', () => {
    const empty = { ...manifest(), entries: [], totals: { entries: 0, files: 0, bytes: 0 } };
    expect(parseManifest(Buffer.concat([...manifestBytes(empty)]))).toEqual(empty);
  });

  test('are in pieces of bounded size, however many entries there are', () => {
    const many = Array.from({ length: 5000 }, (_, i) => folder(`folder ${i}`));
    const pieces = [...manifestBytes({ ...manifest(), entries: many })];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(70_000);
    expect(parseManifest(Buffer.concat(pieces)).entries).toEqual(many);
  });

  test('with any other byte in them are refused, or mean something else', () => {
    const bytes = Buffer.concat([...manifestBytes(manifest())]);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(bytes);
        if (changed[at] === value) return;
        changed[at] = value;
        try {
          expect(parseManifest(changed)).not.toEqual(manifest());
        } catch (error) {
          if (!(error instanceof Error && 'rule' in error)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('rendered.list gives back any path', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }).filter((path) => path.isWellFormed())),
      (paths) => {
        const digests = paths.map((path, i) => [asTreePath(path), String(i).padStart(64, '0')] as const);
        expect([...parseRenderedList(renderedListText(digests))]).toEqual(digests);
      },
    ),
  );
});
