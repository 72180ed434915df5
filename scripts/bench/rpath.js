// The search paths of all ELF files of a tree: patchelf, one call for each file, against relocate's rewrite of the same files, and against all
// of `relocate fix`, which looks for everything else, keeps a journal and syncs. All write the same.
import { closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clearTrees } from './disk.js';
import { NODE, RELOCATE } from './peers.js';
import { run } from './run.js';
import { measureTree, pythons } from './trees.js';

const RAW = fileURLToPath(new URL('./raw-rpath.js', import.meta.url));
/** Smaller ones are mostly headers. */
const LEAST = 32 * 1024;

/** Fills `tree` with ELF files of installed Pythons, in folders of several depths, each with a search path of its own `lib`. */
async function makePrograms(tree, bytes) {
  const sources = pythons().flatMap((python) => measureTree(python).names.filter(isDynamicElf));
  const files = [];
  for (let sum = 0; sum < bytes;) {
    if (sources.length === 0) throw new Error('no ELF files were found to make a tree of');
    const source = sources[files.length % sources.length];
    const path = join(
      `d${files.length % 40}`,
      ...Array.from({ length: files.length % 4 }, () => 'd'),
      `f${files.length}.so`,
    );
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    copyFileSync(source, join(tree, path));
    const set = ['patchelf', '--set-rpath', join(tree, 'lib'), join(tree, path)];
    try {
      await run(set, { output: 'ignore', errors: 'ignore' });
    } catch (error) {
      if (error.exitCode !== undefined) throw error;
      sources.splice(files.length % sources.length, 1);
      continue;
    }
    files.push(path);
    sum += statSync(join(tree, path)).size;
  }
  mkdirSync(join(tree, 'lib'), { recursive: true });
  return files;
}

function isDynamicElf(path) {
  if (!/\.so(?:\.|$)/.test(path) || statSync(path).size < LEAST) return false;
  const file = openSync(path, 'r');
  const head = Buffer.alloc(4);
  readSync(file, head, 0, 4, 0);
  closeSync(file);
  return head.readUInt32BE(0) === 0x7f454c46;
}

/** Makes the tree and its contestants, each with a fresh copy every time; a check of its first run holds what it wrote against the others. */
export async function rpathContestants(folder, bytes) {
  const tree = join(folder, 'rpath');
  const fresh = join(folder, 'rpath-fresh');
  mkdirSync(tree);
  const files = await makePrograms(tree, bytes);
  await run(['cp', '-a', tree, fresh]);
  const prepare = async () => {
    await clearTrees(tree);
    await run(['cp', '-a', fresh, tree]);
    await run(['sync']);
  };
  const list = join(folder, 'rpath-list');
  writeFileSync(list, files.map((path) => `${'../'.repeat(path.split('/').length - 1)}lib\t${path}\n`).join(''));
  const loop = 'cd "$1"; while IFS="\t" read -r up path; do patchelf --set-rpath "\\$ORIGIN/$up" "$path"; done <"$2"';
  const contestants = [
    { name: 'patchelf', prepare, command: ['sh', '-c', loop, 'sh', tree, list] },
    { name: 'the rewrite alone', prepare, command: [NODE, RAW, tree, list] },
    { name: 'relocate fix', prepare, command: [NODE, RELOCATE, 'fix', tree, '--only', 'RL401', '--quiet'] },
  ];
  const written = new Set();
  const check = async () => {
    const print = 'cd "$1"; shift; for path; do patchelf --print-rpath "$path"; done';
    written.add((await run(['sh', '-c', print, 'sh', tree, ...files])).toString());
    if (written.size > 1) throw new Error('patchelf and relocate wrote different search paths');
  };
  return {
    contestants: contestants.map((contestant) => ({ ...contestant, check })),
    size: { files: files.length, bytes: measureTree(fresh).bytes },
    folders: [tree, fresh, list],
  };
}
