// What is written in place: fix of a moved environment beside virtualenv-clone, and search paths of ELF files beside patchelf.
import { readdirSync, readFileSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { membersOfTree } from '../archives.js';
import { clearTrees } from '../disk.js';
import { NODE, pythonPeers, RELOCATE } from '../peers.js';
import { rpathContestants } from '../rpath.js';
import { run } from '../run.js';
import { measureTree } from '../trees.js';

export async function fix(bench) {
  const { environments } = await bench.corpus();
  const source = environments.science ?? environments.web;
  const programs = await pythonPeers(bench.corpusFolder);
  const copy = join(bench.folder, 'copied-environment');
  const empty = () => clearTrees(copy);
  const copied = async () => {
    await clearTrees(copy);
    await run(['cp', '-a', source, copy]);
    await run(['sync']);
  };
  const fixIt = [NODE, RELOCATE, 'fix', copy, '--quiet'];
  const both = ['sh', '-c', 'cp -a "$1" "$2" && shift 2 && "$@"', 'sh', source, copy, ...fixIt];
  const contestants = [
    { name: 'virtualenv-clone', prepare: empty, command: [join(programs, 'virtualenv-clone'), source, copy] },
    { name: 'relocate fix', prepare: copied, command: fixIt },
    { name: 'cp -a, then relocate fix', prepare: empty, command: both, slow: true },
  ];
  const check = async () => {
    await requireWorking(copy, source);
    bench.say('an environment that runs, with scripts that start its own Python');
  };
  // so all of it is in the cache
  await membersOfTree(source);
  const note =
    'virtualenv-clone makes a copy without byte code and mends scripts and `.pth` files in it. `relocate fix` has a fresh copy, mends everything, keeps the originals in a journal, and syncs; in the third line it pays for the copy too.';
  await bench.compare(
    { id: 'fix', title: 'Fix an environment that was copied', note, ...measureTree(source), isWarm: true },
    contestants.map((contestant) => ({ ...contestant, check })),
  );
  await clearTrees(copy);
}

/** The environment runs as itself, and no script begins with the Python of the other. */
async function requireWorking(copy, source) {
  const prefix = (await run([join(copy, 'bin/python'), '-c', 'import sys; print(sys.prefix)'])).toString().trim();
  if (prefix !== copy) throw new Error(`the copied environment says it is ${prefix}`);
  for (const name of readdirSync(join(copy, 'bin'))) {
    const path = join(copy, 'bin', name);
    if (!lstatSync(path).isFile()) continue;
    const line = readFileSync(path, 'latin1').split('\n', 1)[0];
    if (line.startsWith(`#!${source}/`)) throw new Error(`${name} still starts the Python of ${source}`);
  }
}

export async function rpath(bench) {
  const { contestants, size, folders } = await rpathContestants(bench.folder, bench.files * 10_000);
  const note =
    'Each has a search path of the tree; all write the same. patchelf is called once for each file. *The rewrite alone* reads each file, works out its edits, writes it beside and renames it, on all processors; `relocate fix` looks for everything else too, keeps the originals in a journal, hashes before and after, and syncs.';
  const table = { id: 'rpath', title: 'Search paths of ELF files', note, ...size, isWarm: true };
  await bench.compare(table, contestants);
  await clearTrees(...folders);
}
