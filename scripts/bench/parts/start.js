// What a small tree costs, where starting is most of it: environments, whole processes, and the start alone.
import { join } from 'node:path';
import { NODE, RELOCATE } from '../peers.js';
import { run } from '../run.js';
import { requireSame, searchersFor } from '../searchers.js';
import { measureTree } from '../trees.js';

export async function small(bench) {
  const { environments } = await bench.corpus();
  const plain = join(bench.folder, 'venv');
  await run([join(environments.web, 'bin/python'), '-m', 'venv', plain]);
  await compareVenv(bench, 'venv-small', 'A new venv', plain);
  await compareVenv(bench, 'venv-large', 'A venv with packages', environments.web);
}

async function compareVenv(bench, id, title, tree) {
  const all = await searchersFor(tree);
  await requireSame(all, bench.say);
  const { list, offsets, raw, scan } = all;
  await bench.compare({ id, title, ...measureTree(tree), rounds: bench.more }, [list, offsets, raw, scan]);
}

export async function start(bench) {
  await bench.compare({ id: 'start', title: 'The start alone', files: 0, bytes: 0, rounds: bench.more }, [
    { name: 'node -e 0', command: [NODE, '-e', '0'] },
    { name: 'relocate --version', command: [NODE, RELOCATE, '--version'] },
    { name: 'rg --version', command: ['rg', '--version'] },
  ]);
}
