// pack beside tar and its compressors, and one environment beside conda-pack, venv-pack and all other ways to make an archive.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { membersOf, membersOfTree, pipe, present, relocateFormats, relocatePack, requireMembers } from '../archives.js';
import { clear } from '../disk.js';
import { pythonPeers } from '../peers.js';
import { run } from '../run.js';
import { measureTree } from '../trees.js';

/** The whole corpus takes so long that only those run who have a goal. */
export async function pack(bench) {
  const { site, size } = await bench.corpus();
  const folder = join(bench.folder, 'packed');
  mkdirSync(folder);
  const members = await membersOfTree(site);
  const [format] = await relocateFormats(bench);
  const ours = join(folder, `site${format}`);
  const contestants = present(bench, [
    { name: 'tar | zstd -3 -T2', command: pipe(site, 'zstd -3 -T2 -q', join(folder, 'a.tar.zst')), needs: 'zstd' },
    {
      name: `relocate ${format.slice(1)}`,
      command: relocatePack(site, ours),
      check: () => requireMembers(ours, members, bench.say),
    },
  ]);
  await compareWriters(bench, { id: 'pack', title: 'Pack', ...size }, contestants, folder);
}

export async function environment(bench) {
  const { environments } = await bench.corpus();
  const tree = environments.science ?? environments.web;
  const folder = join(bench.folder, 'packed-environment');
  mkdirSync(folder);
  const meta = join(tree, 'conda-meta');
  mkdirSync(meta, { recursive: true });
  try {
    writeFileSync(join(meta, 'history'), '');
    const contestants = await environmentContestants(bench, tree, folder);
    const checked = await withEnvironmentCheck(contestants, tree, folder, bench.say);
    const note =
      'A venv with an empty `conda-meta/history`, which is all that conda-pack asks for; it looks for the prefix in every file, as it does for what pip installed.';
    const table = { id: 'environment', title: 'Pack an environment', note, ...measureTree(tree) };
    await compareWriters(bench, table, checked, folder);
  } finally {
    await run(['rm', '-rf', meta]);
  }
}

/** Those who have a goal run in every round, the others once. */
async function environmentContestants(bench, tree, folder) {
  const output = (name) => join(folder, name);
  const programs = await pythonPeers(bench.corpusFolder);
  const [format, ...others] = await relocateFormats(bench);
  const ours = (end) => ({
    name: `relocate ${end.slice(1)}`,
    command: relocatePack(tree, output(`environment${end}`)),
  });
  const conda = (name, ...options) => [
    join(programs, 'conda-pack'),
    ...['--quiet', '--force', '-p', tree, '-o', output(name)],
    ...options,
  ];
  const venv = [join(programs, 'venv-pack'), '--quiet', '--force', '-p', tree, '-o', output('venv-pack.tar.gz')];
  const tar = (name, options) => ['tar', '-C', tree, options, output(name), '.'];
  const once = [
    ...others.map(ours),
    {
      name: 'conda-pack tar.zst, two threads',
      command: conda('conda-pack-2.tar.zst', '-j', '2'),
    },
    { name: 'conda-pack tar', command: conda('conda-pack.tar') },
    { name: 'tar | zstd -1 -T2', command: pipe(tree, 'zstd -1 -T2 -q', output('b.tar.zst')), needs: 'zstd' },
    { name: 'tar', command: tar('c.tar', '-cf') },
    { name: 'bsdtar', command: ['bsdtar', '-C', tree, '-cf', output('d.tar'), '.'], needs: 'bsdtar' },
    { name: 'tar | pigz -4', command: pipe(tree, 'pigz -4 -p 2', output('e.tar.gz')), needs: 'pigz' },
    { name: 'tar czf', command: tar('f.tar.gz', '-czf') },
  ];
  return present(bench, [
    { name: 'tar | zstd -3 -T2', command: pipe(tree, 'zstd -3 -T2 -q', output('a.tar.zst')), needs: 'zstd' },
    ours(format),
    { name: 'conda-pack tar.zst', command: conda('conda-pack.tar.zst') },
    { name: 'venv-pack tar.gz', command: venv },
    ...once.map((contestant) => ({ ...contestant, slow: true })),
  ]);
}

/** Each must hold the environment: all but activation scripts, which the others write anew, and byte code that is compiled again. */
async function withEnvironmentCheck(contestants, tree, folder, say) {
  const all = await membersOfTree(tree);
  const files = [...all].filter((path) => path.includes('/site-packages/') && path.endsWith('.py'));
  const check = async (name, archive) => {
    const members = await membersOf(archive);
    const missing = files.filter((path) => !members.has(path));
    if (missing.length > 0) throw new Error(`${name} leaves out ${missing.slice(0, 3).join(', ')}`);
    say(`${name}: ${members.size} members of ${all.size}, all ${files.length} modules`);
  };
  return contestants.map((contestant) => {
    const { name, command } = contestant;
    return { ...contestant, check: () => check(name, archiveOf(command, folder)) };
  });
}

/** Each writes into a folder that is empty, with the disk at rest; what came out is told by its size. */
async function compareWriters(bench, table, contestants, folder) {
  const sizes = new Map();
  const prepared = contestants.map((contestant) => ({
    ...contestant,
    prepare: async () => {
      await clear(folder);
      mkdirSync(folder);
    },
    after: () => sizes.set(contestant.name, statSync(archiveOf(contestant.command, folder)).size),
  }));
  const words = () => [...sizes].map(([name, size]) => `${name} ${(size / 1e6).toFixed(0)}`).join(', ');
  const noteAfter = () => `Archives in MB: ${words()}.`;
  await bench.compare({ ...table, rounds: bench.fewer, isWarm: true, noteAfter }, prepared);
  await clear(folder);
}

function archiveOf(command, folder) {
  const archive = command.findLast((word) => word.startsWith(`${folder}/`) && existsSync(word));
  if (archive === undefined) throw new Error(`${basename(command[0])} wrote no archive`);
  return archive;
}
