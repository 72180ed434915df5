// The goals, each a row: which contestant of which table is held against whom, and how it is said. Pure.
import { median, medianRatio } from './statistics.js';

const SCAN = 'relocate scan';
const ratio = (work, peer, [table, of, against], most) => ({ work, peer, table, of, against, kind: 'ratio', most });
const memory = (work, peer, of, kind, most) => ({ work, peer, of, kind, most });

const GOALS = [
  ratio('scan, all references classified, JSON written', '`rg -o -b`', ['scan', SCAN, 'rg -o -b'], 0.8),
  ratio('scan, raw search only', '`rg -l`', ['scan', 'raw search', 'rg -l'], 1),
  ratio('the floor: read all, no search', '`rg -l`', ['scan', 'read all, no search', 'rg -l'], 1.3),
  ratio('raw search for 8 prefixes', '`rg -l` with 8 `-e`', ['prefixes-8', 'raw search', 'rg -l'], 0.7),
  ratio('scan for 8 prefixes, classified', '`rg -o -b` with 8 `-e`', ['prefixes-8', SCAN, 'rg -o -b'], 0.7),
  ratio('second scan, unchanged tree, cache on', '`rg -l`', ['cache', 'relocate scan, second', 'rg -l'], 0.3),
  ratio('scan of a venv of some 4,700 files', '`rg -l`', ['venv-large', SCAN, 'rg -l'], 3),
  { work: 'the same, whole process', peer: 'the clock', table: 'venv-large', of: SCAN, kind: 'seconds', most: 0.25 },
  ratio(
    'pack tar.zst with scan and manifest',
    '`tar \\| zstd -3 -T2`',
    ['pack', 'relocate tar.zst', 'tar | zstd -3 -T2'],
    0.8,
  ),
  ratio(
    'pack an environment, tar.zst',
    'conda-pack tar.zst',
    ['environment', 'relocate tar.zst', 'conda-pack tar.zst'],
    0.15,
  ),
  ratio(
    'pack an environment, tar.zst',
    'venv-pack tar.gz',
    ['environment', 'relocate tar.zst', 'venv-pack tar.gz'],
    0.15,
  ),
  ratio(
    'install: extract, verify, render, verify again',
    '`tar --zstd -xf`',
    ['install', 'relocate install', 'tar --zstd -xf'],
    1.2,
  ),
  ratio('extraction alone', '`tar --zstd -xf`', ['install', 'extraction alone', 'tar --zstd -xf'], 0.8),
  ratio(
    'fix of a venv: journal, RECORD, byte code',
    'virtualenv-clone',
    ['fix', 'relocate fix', 'virtualenv-clone'],
    0.3,
  ),
  ratio(
    'search paths of all ELF files, rewrite alone',
    'patchelf, one call a file',
    ['rpath', 'the rewrite alone', 'patchelf'],
    0.3,
  ),
  ratio('the same, all of `relocate fix`', 'patchelf, one call a file', ['rpath', 'relocate fix', 'patchelf'], 0.3),
  memory('peak memory of a scan, largest tree', '10,000 files', SCAN, 'growth', 1.2),
  memory('the same, in MB', 'itself', SCAN, 'megabytes', 300),
  memory('peak memory of a pack, largest tree', '10,000 files', 'relocate pack', 'growth', 1.2),
  memory('the same, in MB', 'itself', 'relocate pack', 'megabytes', 300),
  memory('peak memory of an install, largest tree', '10,000 files', 'relocate install', 'growth', 1.2),
  memory('the same, in MB', 'itself', 'relocate install', 'megabytes', 300),
];

/** Each goal with what was measured: `value` null where its contestants did not run. */
export function reachedGoals(tables) {
  return GOALS.map((goal) => {
    const value = MEASURES[goal.kind](goal, tables);
    return { ...goal, value, reached: value === null ? null : value <= goal.most };
  });
}

const MEASURES = {
  ratio({ table, of, against }, tables) {
    const [runs, peer] = [of, against].map((name) => runsOf(tables, table, name));
    return runs === null || peer === null ? null : medianRatio(runs, peer);
  },
  seconds({ table, of }, tables) {
    const runs = runsOf(tables, table, of);
    return runs === null ? null : median(runs.map(({ elapsed }) => elapsed));
  },
  growth({ of }, tables) {
    const trees = growthOf(of, tables);
    const small = trees.find(({ files }) => files >= 10_000);
    const large = trees.at(-1);
    return small === undefined || small === large ? null : large.memory / small.memory;
  },
  megabytes: ({ of }, tables) => growthOf(of, tables).at(-1)?.memory ?? null,
};

function contestantOf(tables, id, name) {
  return tables.find((table) => table.id === id)?.contestants.find((contestant) => contestant.name === name) ?? null;
}

function runsOf(tables, id, name) {
  const runs = contestantOf(tables, id, name)?.runs ?? [];
  return runs.length === 0 ? null : runs;
}

/** The trees of `growth` that a contestant ran on, from the smallest to the largest, with its peak memory. */
function growthOf(name, tables) {
  return tables
    .filter(({ id }) => id.startsWith('growth-'))
    .map(({ id, files }) => ({ files, memory: contestantOf(tables, id, name)?.memory ?? null }))
    .filter(({ memory }) => memory !== null)
    .sort((a, b) => a.files - b.files);
}
