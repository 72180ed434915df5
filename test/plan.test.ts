/** The plan: one edit or one refusal for every reference, with its reason; templates say where they are to be rendered. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeAbsolute } from '../src/formats/absolute-form.ts';
import { applySplices } from '../src/formats/splices.ts';
import { asAbsolutePath } from '../src/model/path.ts';
import { PLACEHOLDER, type FileChange, type Plan } from '../src/model/plan.ts';
import type { Scan } from '../src/model/scan.ts';
import { apply } from '../src/stages/apply.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';

const FILES = (site: string): Record<string, string | Buffer> => ({
  'bin/tool': `#!${site}/bin/python3\nROOT = '${site}'\n`,
  'bin/python3': '',
  'etc/a.ini': `root=${site}\nlog=${site}/log\n`,
  'etc/b.json': JSON.stringify({ root: `${site}/x` }).replaceAll('/', '\\/'),
  'etc/wide.txt': Buffer.from(`root=${site}/x`, 'utf16le'),
  'etc/blob': Buffer.from(`\u0000\u0001${site}/x\u0002`),
  'lib/place.py': `HERE = '${site}'\n`,
  'lib/__pycache__/place.cpython-311.pyc': 'byte code',
});

async function scanned(): Promise<{ readonly site: string; readonly found: Scan }> {
  const site = join(temporaryFolder(), 'site');
  writeTree(site, FILES(site));
  return { site, found: await scan(site, { jobs: 1 }) };
}

const outcomes = ({ changes, refusals }: Plan): number =>
  changes.flatMap(({ edits }) => edits).length + refusals.length;

describe('every reference', () => {
  test.each([
    {},
    { to: 'placeholder' as const },
    { to: asAbsolutePath('/elsewhere/it') },
    { only: ['RL101'] },
    { except: ['etc/**'] },
  ])('ends as one edit or one refusal under %j', async (strategy) => {
    const { found } = await scanned();
    expect(outcomes(plan(found, strategy))).toBe(found.references.length);
  });

  test('is a function of the scan and the strategy alone', async () => {
    const { found } = await scanned();
    expect(plan(JSON.parse(JSON.stringify(found)))).toEqual(plan(found));
  });

  test('that is absolute and true here stays', async () => {
    const { found } = await scanned();
    expect(
      plan(found)
        .refusals.filter(({ reason }) => reason === 'in-place')
        .map(({ reference: { file } }) => file),
    ).toEqual(['bin/tool', 'etc/a.ini', 'etc/a.ini', 'etc/b.json', 'etc/wide.txt', 'lib/place.py']);
  });

  test('that says the place asked for already stays', async () => {
    const { site, found } = await scanned();
    const there = `${site}/below`;
    await apply(plan(found, { to: asAbsolutePath(there) }));
    expect(plan(await scan(site, { jobs: 1 }), { to: asAbsolutePath(there) }).changes).toEqual([]);
  });

  test('is left out by --only and --except, by code, by name and by file', async () => {
    const { found } = await scanned();
    const files = (strategy: object): string[] =>
      plan(found, { to: 'placeholder', ...strategy }).changes.map(({ file }) => file);
    expect(files({ only: ['RL101'] })).toEqual(['bin/tool']);
    expect(files({ only: ['wide-string'] })).toEqual(['etc/wide.txt']);
    expect(files({ only: ['etc/*.ini', 'RL101'] })).toEqual(['bin/tool', 'etc/a.ini']);
    expect(files({ only: ['etc/**'], except: ['escaped-path'] })).toEqual(['etc/a.ini', 'etc/wide.txt']);
  });

  test('with an allowance is accepted for its reason', async () => {
    const { found } = await scanned();
    const { refusals } = plan(found, {
      to: 'placeholder',
      allowances: [{ rule: 'RL201', files: 'etc/a.ini', reason: 'the host mounts it' }],
    });
    expect(refusals).toMatchObject([
      { reason: 'opted-out', note: 'the host mounts it' },
      { reason: 'opted-out' },
      { reason: 'blocked' },
    ]);
  });
});

describe('a template', () => {
  test('renders at any place to what a build there would have written', async () => {
    const { site, found } = await scanned();
    const { changes } = plan(found, { to: 'placeholder' });
    for (const place of ['/q', '/a much/longer place/ünder "quotes" & $signs']) {
      for (const file of ['etc/a.ini', 'etc/b.json', 'etc/wide.txt']) {
        const change = changes.find((candidate) => candidate.file === file);
        if (change?.kind !== 'content') throw new Error(`no change of ${file}`);
        expect(rendered(Buffer.from(FILES(site)[file] ?? ''), change, place)).toEqual(
          Buffer.from(FILES(place)[file] ?? ''),
        );
      }
    }
  });

  test('removes the byte code of a source that changes', async () => {
    const { found } = await scanned();
    expect(plan(found, { to: 'placeholder' }).changes).toContainEqual(
      expect.objectContaining({ kind: 'remove', file: 'lib/__pycache__/place.cpython-311.pyc' }),
    );
  });
});

/** The bytes of a file as a template, and then rendered at a place. */
function rendered(bytes: Buffer, change: Extract<FileChange, { kind: 'content' }>, place: string): Buffer {
  const template = applySplices(bytes, change.splices);
  const splices = change.renders.flatMap((site) => {
    const written = writeAbsolute(site, place);
    if (!written.ok) throw new Error(written.why);
    return written.splices;
  });
  expect(template.includes(PLACEHOLDER) || template.includes(Buffer.from(PLACEHOLDER, 'utf16le'))).toBe(true);
  return applySplices(template, splices);
}
