// npm run bench: relocate's scan against ripgrep and grep, its edits against patchelf, on a real corpus. docs/performance.md says how to read it.
//   --files N    least number of files (100,000; bytes in proportion: 30 kB each)
//   --rounds N   how often each contestant runs (7)
//   --only NAME  one part: scan, prefixes, hits, growth, small, rpath
//   --most N     the largest tree of `growth` (100,000; the whole story is 1,000,000)
//   --keep       leaves the corpus where it is, and says where
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeCorpus, makeSmallFiles, measureTree } from './bench/corpus.js';
import { compare, outputOf, table } from './bench/measure.js';
import { compareRpaths } from './bench/rpath.js';

const RELOCATE = fileURLToPath(new URL('../bin/relocate.js', import.meta.url));
const RAW = fileURLToPath(new URL('./bench/raw-search.js', import.meta.url));
const RG = ['rg', '--no-config', '-a', '-uuu', '-F'];
const BYTES_EACH = 30_000;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
    most: { type: 'string', default: '100000' },
    keep: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'relocate-bench-'));
const say = (text) => process.stdout.write(`${text}\n`);

/** Everyone looks for the same: the prefixes that the scan finds out, and those that are named. */
function contestantsFor(tree, named = []) {
  const options = named.flatMap((prefix) => ['--prefix', prefix]);
  const scan = ['node', RELOCATE, 'scan', tree, '--format', 'json', ...options];
  const found = JSON.parse(outputOf(scan));
  const prefixes = found.prefixes.map(({ path }) => path);
  const patterns = prefixes.flatMap((prefix) => ['-e', prefix]);
  return {
    found,
    prefixes,
    list: { name: 'rg -l', command: [...RG, '-l', ...patterns, tree] },
    offsets: { name: 'rg -o -b', command: [...RG, '-o', '-b', ...patterns, tree] },
    grep: { name: 'grep -rlF', command: ['grep', '-rlF', ...patterns, tree] },
    raw: { name: 'raw search', command: ['node', RAW, 'count', tree, ...prefixes] },
    floor: { name: 'read all, no search', command: ['node', RAW, 'read', tree, ...prefixes] },
    scan: { name: 'relocate scan', command: scan },
  };
}

/** All list the same files. The scan leaves out neighbours (`/srv/site2`) and knows escaped forms, so it is told of, not compared. */
function checkSame(tree, { list, grep, prefixes, found }) {
  const lines = (command) => outputOf(command).toString('latin1').split('\n').filter(Boolean).sort();
  const listed = lines(list.command);
  for (const [name, command] of [
    ['grep', grep.command],
    ['the raw search', ['node', RAW, 'list', tree, ...prefixes]],
  ])
    if (lines(command).join('\n') !== listed.join('\n')) throw new Error(`${name} and rg list different files`);
  const inScan = new Set(found.references.filter(({ prefix }) => prefix !== null).map(({ file }) => `${tree}/${file}`));
  const [alike, all] = [listed.filter((path) => inScan.has(path)).length, listed.length];
  say(
    `rg, grep and the raw search list the same ${all} files; the scan has references in ${alike} of them, and in ${inScan.size - alike} others`,
  );
}

function part(name, run) {
  if (values.only === undefined || values.only === name) run(Number(values.rounds));
}

const PARTS = {
  scan(rounds) {
    const tree = join(folder, 'corpus');
    const files = Number(values.files);
    const size = makeCorpus(tree, { files, bytes: files * BYTES_EACH });
    const all = contestantsFor(tree);
    say(`${size.files} files, ${(size.bytes / 1e9).toFixed(2)} GB, prefixes ${all.prefixes.join(' ')}`);
    checkSame(tree, all);
    const { list, offsets, grep, raw, floor, scan } = all;
    say(table('Scan', compare([offsets, list, grep, floor, raw, scan], rounds, folder), size));
  },
  prefixes(rounds) {
    const tree = join(folder, 'prefixes');
    const size = makeCorpus(tree, { files: Number(values.files) / 5, bytes: 0 });
    for (const count of [1, 2, 4, 8, 16]) {
      const named = Array.from({ length: count - 1 }, (_, i) => `/srv/build/instance-${i}`);
      const { offsets, raw, scan } = contestantsFor(tree, named);
      say(table(`${count - 1} more prefixes`, compare([offsets, raw, scan], rounds, folder), size));
    }
  },
  hits(rounds) {
    for (const share of [0.001, 0.01, 0.1, 0.5]) smallFiles(`hits-${share}`, 20_000, share, rounds);
  },
  growth(rounds) {
    for (let count = 1000; count <= Number(values.most); count *= 10) smallFiles(`files-${count}`, count, 0.01, rounds);
  },
  rpath(rounds) {
    const bytes = Number(values.files) * 10_000;
    const { results, size } = compareRpaths({ folder, relocate: RELOCATE, bytes, rounds });
    say(table('Search paths of ELF files', results, size));
  },
  small(rounds) {
    const tree = join(folder, 'venv');
    outputOf(['python3', '-m', 'venv', tree]);
    const { list, offsets, scan } = contestantsFor(tree);
    const version = { name: 'relocate --version', command: ['node', RELOCATE, '--version'] };
    const node = { name: 'node -e 0', command: ['node', '-e', '0'] };
    say(table('A venv', compare([offsets, list, scan, version, node], rounds, folder), measureTree(tree)));
  },
};

function smallFiles(name, count, share, rounds) {
  const tree = join(folder, name);
  mkdirSync(tree);
  makeSmallFiles(tree, count, share, tree);
  const all = contestantsFor(tree);
  checkSame(tree, all);
  const title = `${count.toLocaleString('en')} small files, ${share * 100} % with a hit`;
  say(table(title, compare([all.offsets, all.list, all.raw, all.scan], rounds, folder), measureTree(tree)));
  if (!values.keep) rmSync(tree, { recursive: true });
}

try {
  for (const [name, run] of Object.entries(PARTS)) part(name, run);
} finally {
  if (values.keep) say(`\nThe corpus is in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
