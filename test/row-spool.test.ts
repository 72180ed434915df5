/** Rows of a report: whatever order they come in, they are given back by key, from memory and from the temporary file. */
import fc from 'fast-check';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { rowsIn, rowText, tallyOf } from '../src/formats/file-rows.ts';
import { referenceJson } from '../src/formats/reference-json.ts';
import { RecordWriter } from '../src/formats/row-records.ts';
import { RowSpool } from '../src/io/row-spool.ts';
import { Spill } from '../src/io/spill.ts';
import { RULE_NAMES } from '../src/model/codes.ts';
import { asTreePath, normalizeAbsolute } from '../src/model/path.ts';
import type { Reference, Site } from '../src/model/reference.ts';
import { relocate } from './support/cli.ts';
import { temporaryFolder } from './support/folder.ts';

function reference(file: string, note: string): Reference {
  return {
    code: 'RL201',
    rule: RULE_NAMES.RL201,
    file: asTreePath(file),
    site: { kind: 'symlink' },
    path: '/srv/ä',
    prefix: null,
    scope: 'inside',
    applicability: 'safe',
    fix: 'pinned',
    note,
  };
}

function records(keys: readonly number[], note: string): Buffer {
  const writer = new RecordWriter();
  for (const key of keys) {
    const rows = [reference(`f${key}`, note)];
    writer.add(key, tallyOf(rows), rows);
  }
  return writer.take();
}

function namesIn(spool: RowSpool): string[] {
  const names: string[] = [];
  for (const { rows } of spool.inOrder()) for (const { file, note } of rowsIn(rows)) names.push(`${file} ${note}`);
  return names;
}

describe('a row', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'a"\\\n\u2028', 'b\udcff', '\0'));
  const sites: Site[] = [
    { kind: 'pyc', start: 1, end: 20 },
    { kind: 'text', start: 1, end: 20, line: null, column: 3 },
    { kind: 'member', member: 'b\udcff"', start: 0, end: 1 },
    { kind: 'entry' },
  ];

  it('is the documented JSON of its reference, whatever names and notes hold', () => {
    fc.assert(
      fc.property(text, text, text, fc.boolean(), fc.constantFrom(...sites), (file, path, note, isKnown, site) => {
        const prefix = isKnown ? normalizeAbsolute('/srv/"b') : null;
        const told = { ...reference(file, note), path, prefix, site };
        expect(rowText(told)).toBe(`${JSON.stringify(referenceJson(told))}\n`);
        const allowed = { ...told, allowed: note };
        expect(rowText(allowed)).toBe(`${JSON.stringify(referenceJson(allowed, note))}\n`);
      }),
    );
  });
});

describe('a spool of rows', () => {
  it('gives back batches of any keys in order, those of one key as they came', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(30), { maxLength: 8 }), { maxLength: 12 }), (batches) => {
        const spool = new RowSpool();
        for (const [index, keys] of batches.entries()) spool.append(records(keys, String(index)));
        const wanted = batches
          .flatMap((keys, index) => keys.map((key) => ({ key, index })))
          .sort((a, b) => a.key - b.key)
          .map(({ key, index }) => `f${key} ${index}`);
        expect(namesIn(spool)).toEqual(wanted);
        spool.close();
      }),
    );
  });

  it('holds more than memory should, may be read twice, and leaves no file behind', () => {
    // a folder of its own: in the one that all share, another test may be about to spill
    const folder = temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const spool = new RowSpool();
    const long = 'x'.repeat(30_000);
    for (let key = 299; key >= 0; key--) spool.append(records([key, key + 300], long));
    const wanted = Array.from({ length: 600 }, (_, key) => `f${key} ${long}`);
    expect(namesIn(spool)).toEqual(wanted);
    expect(readdirSync(folder)).toEqual([]);
    spool.append(records([600], 'late'));
    expect(namesIn(spool)).toEqual([...wanted, 'f600 late']);
    spool.close();
  });
});

describe('bytes that spill over', () => {
  const MEGA = 1024 * 1024;
  const all = Buffer.alloc(8 * MEGA);
  for (let at = 0; at < all.length; at += 4) all.writeUInt32LE(at, at);

  it.each([0, 1, 4 * MEGA - 1, 4 * MEGA, 4 * MEGA + 1, 4.25 * MEGA, 4.5 * MEGA, 6 * MEGA + 7])(
    'are the same: %d',
    (length) => {
      const bytes = all.subarray(0, length);
      const spill = new Spill();
      for (let at = 0; at < length; at += 100_003) spill.append(bytes.subarray(at, at + 100_003));
      expect(spill.length).toBe(length);
      const back = Buffer.alloc(length);
      spill.read(0, back);
      expect(back.equals(bytes)).toBe(true);
      const end = Buffer.alloc(Math.min(length, 300_000));
      spill.read(length - end.length, end);
      expect(end.equals(bytes.subarray(length - end.length))).toBe(true);
      spill.close();
    },
  );
});

describe('a folder for temporary files that is not there', () => {
  it.each([
    ['scan', '.', '--format', 'json'],
    ['pack', '.', '-o', '../site.tar'],
  ])('is named: %s', (...args) => {
    const folder = temporaryFolder();
    const site = join(folder, 'site');
    mkdirSync(site);
    writeFileSync(join(site, 'log'), `${site}/x\n`.repeat(8000));
    const temporary = join(folder, 'gone');
    const { status, stderr } = relocate(args, { cwd: site, env: { ...process.env, TMPDIR: temporary } });
    expect(stderr).toBe(
      `relocate: temporary files can't be written to ${temporary}: no such file or folder; TMPDIR names another folder\n`,
    );
    expect(status).toBe(2);
    expect(readdirSync(folder)).toEqual(['site']);
  });
});
