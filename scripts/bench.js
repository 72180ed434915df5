// npm run bench: every row of the goals of docs/performance.md, measured against those who do the same work.
//   --quick        small trees and few rounds: some three minutes, to see that all works
//   --only A,B     some parts: scan, prefixes, cache, hits, growth, small, start, pack, environment, install, fix, rpath
//   --corpus DIR   keeps the corpus there, and takes it from there the next time
//   --files N      least number of files of the corpus (100,000; bytes in proportion: 30 kB each)
//   --rounds N     how often each contestant runs (3; where it takes long: half of it, and who has no goal once)
//   --most N       the largest tree of `growth` (1,000,000)
//   --json FILE    writes all figures there, for `npm run bench:page -- FILE`, which makes the tables of the page
//   --get-peers    installs programs that are missing (apt-get)
//   --keep         leaves the temporary folder where it is, and says where
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Bench } from './bench/bench.js';
import { cache, growth, hits, prefixes, scan } from './bench/parts/search.js';
import { environment, pack } from './bench/parts/pack.js';
import { fix, rpath } from './bench/parts/edits.js';
import { install } from './bench/parts/install.js';
import { small, start } from './bench/parts/start.js';
import { readyPeers } from './bench/peers.js';
import { goalsTable } from './bench/tables.js';

const PARTS = { scan, prefixes, cache, hits, growth, small, start, pack, environment, install, fix, rpath };
const NUMBERS = {
  full: { files: 100_000, rounds: 3, most: 1_000_000 },
  quick: { files: 8000, rounds: 2, most: 10_000 },
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    corpus: { type: 'string' },
    files: { type: 'string' },
    rounds: { type: 'string' },
    most: { type: 'string' },
    json: { type: 'string' },
    'get-peers': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const chosen = values.only?.split(',') ?? Object.keys(PARTS);
const unknown = chosen.find((name) => PARTS[name] === undefined);
if (unknown !== undefined) {
  console.error(`there is no part ${unknown}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const preset = NUMBERS[values.quick ? 'quick' : 'full'];
const number = (name) => (values[name] === undefined ? preset[name] : Number(values[name]));
const folder = mkdtempSync(join(tmpdir(), 'relocate-bench-'));
const bench = new Bench({
  folder,
  corpusFolder: values.corpus === undefined ? join(folder, 'corpus') : resolve(values.corpus),
  isQuick: values.quick,
  files: number('files'),
  rounds: number('rounds'),
  most: number('most'),
});

try {
  await readyPeers(values['get-peers'], bench.say);
  for (const name of chosen) await bench.part(name, PARTS[name]);
  if (bench.hasFailed) process.exitCode = 1;
  bench.say(`\n## Goals\n\n${goalsTable(bench.tables)}`);
} catch (error) {
  console.error(error.exitCode === undefined ? error : error.message);
  process.exitCode = error.exitCode ?? 1;
} finally {
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(bench.results(), null, 1)}\n`);
  if (values.keep) bench.say(`The trees are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
