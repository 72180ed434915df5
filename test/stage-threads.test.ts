/** New files that are many bytes are written by several threads: what is written, and what is said where it fails, does not depend on how many. */
import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, lstatSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import type { FileChange } from '../src/model/plan.ts';
import type { Receipt } from '../src/model/receipt.ts';
import { undo } from '../src/stages/undo.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { followIn, planOf, replaceIn, sha256 } from './support/hand-made-plan.ts';
import { wholeState } from './support/thorny-tree.ts';

const CUT_SHORT = fileURLToPath(new URL('support/cut-short.js', import.meta.url));
const MEGA = 1024 * 1024;
const WAS = '/srv/build/site';
const NOW = '/opt/a longer place';
const RECORD = 'lib/pkg-1.dist-info/RECORD';
/** What is read of a large file at a time. */
const CHUNK = MEGA / 4;
/** At the start, at the end, at and across the ends of chunks. */
const PLACES = [[0], [2 * MEGA - WAS.length], [CHUNK], [CHUNK - 3, 3 * CHUNK - WAS.length, 3 * CHUNK]];

let tree: string;
let names: string[];
let changes: FileChange[];

beforeEach(() => {
  tree = join(temporaryFolder(), 'site');
  names = Array.from({ length: 20 }, (_, i) => `lib/f${String(i).padStart(2, '0')}`);
  writeTree(tree, Object.fromEntries(names.map((name, i) => [name, large(name, 2 * MEGA, PLACES[i % 4] ?? [])])));
  writeFileSync(join(tree, 'lib/hole'), WAS);
  truncateSync(join(tree, 'lib/hole'), 8 * MEGA);
  linkSync(join(tree, 'lib/f03'), join(tree, 'lib/linked'));
  writeTree(tree, { [RECORD]: 'f00,sha256=x,1\nf03,sha256=x,1\nf19,sha256=x,1\n' });
  changes = [
    ...names.map((name) => replaceIn(tree, name, WAS, NOW, name === 'lib/f03' ? ['lib/linked'] : [])),
    replaceIn(tree, 'lib/hole', WAS, NOW),
    followIn(tree, RECORD, 'lib', ['f00', 'f03', 'f19']),
  ];
});

function large(text: string, size: number, places: readonly number[]): Buffer {
  const bytes = Buffer.alloc(size, `${text} abcdefgh ijklmn\n`);
  for (const place of places) bytes.write(WAS, place, 'latin1');
  return bytes;
}

/** In a process of its own: the sources have no program for threads, the build has. */
function applied(jobs: number): { readonly status: number | null; readonly message?: string } {
  const file = `${tree}.plan`;
  writeFileSync(file, JSON.stringify(planOf(tree, changes)));
  const { status, stdout } = spawnSync(process.execPath, [CUT_SHORT, 'apply', file, '', JSON.stringify({ jobs })], {
    encoding: 'utf8',
  });
  return { status, ...(stdout === '' ? {} : JSON.parse(stdout)) };
}

function receipt(): Omit<Receipt, 'at'> {
  const { at: _, ...rest } = JSON.parse(
    readFileSync(join(tree, '.relocate/journal/1/receipt.json'), 'utf8'),
  ) as Receipt;
  return rest;
}

const bytesOf = (name: string): Buffer => readFileSync(join(tree, name));

test('the same bytes and the same receipt for any number of threads, and an undo brings all of it back', async () => {
  const before = wholeState(tree);
  const wanted = names.map((name) =>
    sha256(Buffer.from(bytesOf(name).toString('latin1').replaceAll(WAS, NOW), 'latin1')),
  );
  const receipts = [];
  for (const jobs of [1, 2, 4]) {
    expect(applied(jobs)).toEqual({ status: 0 });
    expect(names.map((name) => sha256(bytesOf(name)))).toEqual(wanted);
    expect(bytesOf('lib/linked').equals(bytesOf('lib/f03'))).toBe(true);
    const { blocks, size } = lstatSync(join(tree, 'lib/hole'));
    expect(size).toBe(8 * MEGA + NOW.length - WAS.length);
    expect(blocks * 512).toBeLessThan(MEGA);
    receipts.push(receipt());
    await undo(tree);
    expect(wholeState(tree)).toBe(before);
  }
  expect(receipts[0]?.changes.map(({ after }) => after).slice(0, 20)).toEqual(wanted);
  expect(receipts[1]).toEqual(receipts[0]);
  expect(receipts[2]).toEqual(receipts[0]);
});

test('a RECORD has the digests of what the threads wrote', () => {
  expect(applied(3)).toEqual({ status: 0 });
  const rows = ['f00', 'f03', 'f19'].map((name) => {
    const bytes = bytesOf(`lib/${name}`);
    return `${name},sha256=${Buffer.from(sha256(bytes), 'hex').toString('base64url')},${bytes.length}\n`;
  });
  expect(bytesOf(RECORD).toString()).toBe(rows.join(''));
});

test('of several files that changed since the scan the first is named, and nothing is changed', () => {
  for (const name of ['lib/f04', 'lib/f09', 'lib/f17']) {
    const bytes = bytesOf(name);
    bytes.write('changed', 2 * MEGA - 100, 'latin1');
    writeFileSync(join(tree, name), bytes);
  }
  const before = wholeState(tree);
  for (const jobs of [1, 2, 4]) {
    const { status, message } = applied(jobs);
    expect(status).toBe(2);
    expect(message).toMatch(/^lib\/f04 changed since the tree was scanned/);
    expect(wholeState(tree)).toBe(before);
  }
});

test('thousands of files keep mode and time, which are copied while others are written', async () => {
  const many = Array.from({ length: 2500 }, (_, i) => `many/${i % 50}/f${i}`);
  writeTree(tree, Object.fromEntries(many.map((name) => [name, `${name} ${WAS}\n`])));
  for (const [i, name] of many.entries()) chmodSync(join(tree, name), i % 3 === 0 ? 0o600 : 0o754);
  changes = many.map((name) => replaceIn(tree, name, WAS, NOW));
  const facts = (): string[] =>
    many.map((name) => {
      const { mode, mtimeNs, uid, gid } = lstatSync(join(tree, name), { bigint: true });
      return [name, mode, mtimeNs, uid, gid].join(' ');
    });
  const before = facts();
  expect(applied(2)).toEqual({ status: 0 });
  expect(facts()).toEqual(before);
  expect(many.filter((name) => bytesOf(name).toString() !== `${name} ${NOW}\n`)).toEqual([]);
  expect(receipt().warnings).toEqual([]);
  await undo(tree);
  expect(facts()).toEqual(before);
  expect(many.filter((name) => bytesOf(name).toString() !== `${name} ${WAS}\n`)).toEqual([]);
});
