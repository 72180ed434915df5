/** One file with very many references: its rows go out part by part, and are what they would be in one piece. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WHOLE_FILE_LIMIT } from '../src/rules/rule.ts';
import { relocate, relocateOk, RELOCATE, run } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';

const PREFIX = '/srv/build/site';
/** Behind it a file is not held whole. */
const FILLING = 'a line that says nothing\n'.repeat(Math.ceil(WHOLE_FILE_LIMIT / 25));

function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${i} ${PREFIX}/lib/package${i}\n`).join('');
}

function logOf(count: number): string {
  const tree = temporaryFolder();
  writeFileSync(join(tree, 'app.log'), FILLING + lines(count));
  return tree;
}

/** Megabytes at the most, as the process itself tells on its end. */
function peakOfScan(tree: string): number {
  const teller = join(temporaryFolder(), 'peak.cjs');
  const tell = "require('node:fs').writeSync(2, 'peak ' + process.resourceUsage().maxRSS)";
  writeFileSync(teller, `if (require('node:worker_threads').isMainThread) process.on('exit', () => ${tell});`);
  const words = ['--require', teller, RELOCATE, 'scan', tree, '--prefix', PREFIX, '--format', 'json'];
  const { status, stderr } = run(process.execPath, words, { timeout: 300_000 });
  expect(status).toBe(1);
  return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
}

test('a scan holds them neither as objects nor as rows', { timeout: 600_000 }, () => {
  const few = peakOfScan(logOf(100));
  // 170 MB more where all of the file's references are judged together
  expect(peakOfScan(logOf(120_000)) - few).toBeLessThan(90);
});

const COUNT = 10_000;

interface Row {
  readonly code: string;
  readonly path: string;
  readonly site: { readonly start: number };
  readonly allowed?: string;
}

function rowsOf(tree: string, ...options: readonly string[]): Row[] {
  const { stdout } = relocate(['scan', tree, '--prefix', PREFIX, '--format', 'ndjson', ...options]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

test('all are told, in their order, whoever finds them', { timeout: 300_000 }, () => {
  const tree = logOf(COUNT);
  // of what is held whole the references are made at once, and told in parts all the same
  writeTree(tree, { 'held.log': lines(COUNT) });
  const rows = rowsOf(tree);
  const paths = Array.from({ length: COUNT }, (_, i) => `${PREFIX}/lib/package${i}`);
  expect(rows.map(({ path }) => path)).toEqual([...paths, ...paths]);
  const starts = rows.slice(0, COUNT).map(({ site }) => site.start);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(rowsOf(tree, '--jobs', '1')).toEqual(rows);
});

test('what is said of the file is said of all of them', { timeout: 300_000 }, () => {
  const tree = logOf(COUNT);
  const words = ['scan', tree, '--prefix', PREFIX, '--no-color'];
  const text = relocateOk(words, [1]);
  expect(text).toContain('10,000 references in 1 file: 10,000 pinned');
  expect(text).toContain('and 9,995 more here');
  writeTree(tree, { 'relocate.toml': '[[allow]]\nrule = "RL201"\nfiles = "app.log"\nreason = "a log"\n' });
  const rows = rowsOf(tree);
  expect(rows).toHaveLength(COUNT);
  expect(new Set(rows.map(({ allowed }) => allowed))).toEqual(new Set(['a log']));
  expect(relocateOk(words)).toContain('10,000 references in 1 file: 10,000 allowed');
});
