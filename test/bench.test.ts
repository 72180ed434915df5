/** What the benchmark makes of its runs: medians, ratios, goals, and the tables of docs/performance.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reachedGoals, type Table } from '../scripts/bench/goals.js';
import { pageWith, type Results } from '../scripts/bench/page.js';
import { median, medianRatio } from '../scripts/bench/statistics.js';

const read = (path: string): string => readFileSync(new URL(`../docs/${path}`, import.meta.url), 'utf8');
const runs = (...seconds: number[]): { elapsed: number; cpu: number }[] =>
  seconds.map((elapsed) => ({ elapsed, cpu: elapsed * 2 }));
const table = (
  id: string,
  files: number,
  contestants: Record<string, { memory?: number; seconds: number[] }>,
): Table => ({
  id,
  title: `About ${id}`,
  files,
  bytes: 5e8,
  contestants: Object.entries(contestants).map(([name, { memory = 10, seconds }]) => ({
    name,
    shown: `${name} TREE`,
    memory,
    runs: runs(...seconds),
  })),
});
const goal = (tables: Table[], work: string): unknown => reachedGoals(tables).find((row) => row.work.includes(work));

describe('statistics of runs', () => {
  it('a median is the middle one, or between the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 9, 2, 1])).toBe(5.5);
  });

  it('a ratio is taken within each round, so a round that was disturbed as a whole changes nothing', () => {
    expect(medianRatio(runs(2, 20, 2), runs(1, 10, 1))).toBe(2);
    expect(medianRatio(runs(1, 4, 9), runs(1, 2, 3))).toBe(2);
  });

  it('one that ran fewer times is compared in the rounds that both ran', () => {
    expect(medianRatio(runs(30), runs(10, 1, 1))).toBe(3);
    expect(medianRatio(runs(30, 1, 1), runs(10), 'cpu')).toBe(3);
  });
});

describe('goals', () => {
  const scan = (seconds: number): Table =>
    table('scan', 1000, { 'rg -o -b': { seconds: [1] }, 'relocate scan': { seconds: [seconds] } });

  it('are reached, missed, or not measured', () => {
    expect(goal([scan(0.7)], 'all references')).toMatchObject({ value: 0.7, reached: true });
    expect(goal([scan(0.9)], 'all references')).toMatchObject({ value: 0.9, reached: false });
    expect(goal([], 'all references')).toMatchObject({ value: null, reached: null });
  });

  it('of memory compare the largest tree with that of 10,000 files', () => {
    const grown = [
      [1_000_000, 180],
      [1000, 50],
      [10_000, 120],
    ].map(([files = 0, memory = 0]) => table(`growth-${files}`, files, { 'relocate scan': { memory, seconds: [1] } }));
    expect(goal(grown, 'peak memory of a scan, largest')).toMatchObject({ value: 1.5, reached: false });
    expect(goal(grown, 'the same, in MB')).toMatchObject({ value: 180, reached: true });
    expect(goal(grown, 'peak memory of an install')).toMatchObject({ value: null, reached: null });
  });
});

describe('docs/performance.md', () => {
  const results = (tables: Table[]): Results => ({
    machine: { processors: 2, model: 'X', memory: 24, system: 'Linux 6', node: '20.20.0', load: 0.2 },
    options: { files: 1000, rounds: 3, most: 1000, quick: true },
    seconds: 90,
    corpus: { files: 1000, bytes: 5e8 },
    skipped: [{ what: 'bsdtar', why: 'is missing' }],
    tables,
  });

  it('is what its figures make', () => {
    const kept = 'performance-another-node.json';
    const other: Results | null = existsSync(new URL(`../docs/${kept}`, import.meta.url))
      ? JSON.parse(read(kept))
      : null;
    expect(pageWith(read('performance.md'), JSON.parse(read('performance.json')), other)).toBe(read('performance.md'));
  });

  it('shows the goals that another version of Node measured, beside the first', () => {
    const made = (node: string, tables: Table[]): Results => ({
      ...results(tables),
      machine: { ...results([]).machine, node },
    });
    const scan = (seconds: number): Table =>
      table('scan', 1000, { 'rg -o -b': { seconds: [1] }, 'relocate scan': { seconds: [seconds] } });
    const page = pageWith(read('performance.md'), made('20.20.0', [scan(2)]), made('24.1.0', [scan(0.5)]));
    const section = page.slice(
      page.indexOf('<!-- bench: another node -->'),
      page.indexOf('<!-- bench: end of another node -->'),
    );
    expect(section).toContain('Node 24.1.0; load');
    expect(section).toContain('| work | against | goal | Node 20.20.0 | Node 24.1.0 | reached |');
    expect(section).toContain('| `rg -o -b` | <= 0.8 | 2.00 | 0.50 | yes |');
    expect(section).not.toContain('not measured');
  });

  it('gets a table for each comparison, and says what did not run', () => {
    const page = pageWith(
      read('performance.md'),
      results([table('scan', 1000, { 'rg -o -b': { seconds: [0.5] }, 'relocate scan': { memory: 99, seconds: [2] } })]),
    );
    expect(page).toContain('### About scan\n\n1,000 files, 500 MB, 1 round.');
    expect(page).toContain('| relocate scan | 2.00 | 4.00 | 4.00 | 4.00 | 500 | 0.25 | 99 |');
    expect(page).toContain('Not run: bsdtar (is missing).');
    expect(page).toContain('relocate scan  relocate scan TREE');
  });

  it('keeps the words around its tables', () => {
    const words = 'Some words.\n';
    const marks = ['circumstances', 'goals', 'another node', 'scan', 'small', 'archives', 'edits', 'commands'];
    const empty =
      words + marks.map((name) => `<!-- bench: ${name} -->\n<!-- bench: end of ${name} -->\n${words}`).join('');
    const made = pageWith(empty, results([]));
    expect(made.split(words)).toHaveLength(marks.length + 2);
    expect(pageWith(made, results([]))).toBe(made);
    expect(() => pageWith('nothing is marked', results([]))).toThrow('no marks for circumstances');
  });
});

describe('programs that do a part of the work alone', () => {
  const folder = new URL('../scripts/bench/', import.meta.url);
  const imports = readdirSync(folder)
    .filter((name) => /^raw-.*\.js$/.test(name))
    .flatMap((name) =>
      [...readFileSync(new URL(name, folder), 'utf8').matchAll(/^import \{([^}]+)\} from '(\.\.\/.+)';$/gm)].map(
        ([, names = '', module = '']) => ({ name, names: names.split(',').map((word) => word.trim()), module }),
      ),
    );

  it.each(imports)('$name finds $names in $module', async ({ names, module }) => {
    expect(await import(/* @vite-ignore */ new URL(module, folder).href)).toMatchObject(
      Object.fromEntries(names.map((word) => [word, expect.anything() as unknown])),
    );
  });
});
