// pack beside tar and its compressors, and one environment beside conda-pack and venv-pack.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { clear, membersOf, pipe, present, relocateFormats, relocatePack, requireMembers } from '../archives.js';
import { pythonPeers } from '../peers.js';
import { run } from '../run.js';
import { measureTree } from '../trees.js';

export async function pack(bench) {
  const { site, size } = await bench.corpus();
  const folder = join(bench.folder, 'packed');
  mkdirSync(folder);
  const output = (name) => join(folder, name);
  await run(['tar', '-C', site, '-cf', output('all.tar'), '.']);
  const members = await membersOf(output('all.tar'));
  const formats = await relocateFormats(bench);
  for (const format of formats) {
    const path = output(`site${format}`);
    await run(relocatePack(site, path), { exits: [0, 1] });
    await requireMembers(path, members, bench.say);
    await clear(path);
  }
  const ours = formats.map((format) => ({
    name: `relocate ${format.slice(1)}`,
    command: relocatePack(site, output(`site${format}`)),
  }));
  const contestants = present(bench, [
    { name: 'tar | zstd -3 -T2', command: pipe(site, 'zstd -3 -T2 -q', output('a.tar.zst')), needs: 'zstd' },
    { name: 'tar | zstd -1 -T2', command: pipe(site, 'zstd -1 -T2 -q', output('b.tar.zst')), needs: 'zstd' },
    ...ours,
    { name: 'tar', command: ['tar', '-C', site, '-cf', output('c.tar'), '.'] },
    { name: 'bsdtar', command: ['bsdtar', '-C', site, '-cf', output('d.tar'), '.'], needs: 'bsdtar' },
    { name: 'tar | pigz -4', command: pipe(site, 'pigz -4 -p 2', output('e.tar.gz')), needs: 'pigz', slow: true },
    { name: 'tar czf', command: ['tar', '-C', site, '-czf', output('f.tar.gz'), '.'], slow: true },
  ]);
  await compareWriters(bench, { id: 'pack', title: 'Pack', ...size }, contestants, folder);
}

export async function environment(bench) {
  const { environments } = await bench.corpus();
  const tree = environments.science ?? environments.web;
  const folder = join(bench.folder, 'packed-environment');
  mkdirSync(folder);
  const output = (name) => join(folder, name);
  const programs = await pythonPeers(bench.corpusFolder);
  const formats = await relocateFormats(bench);
  const meta = join(tree, 'conda-meta');
  mkdirSync(meta, { recursive: true });
  try {
    writeFileSync(join(meta, 'history'), '');
    const conda = (name) => [join(programs, 'conda-pack'), '--quiet', '--force', '-p', tree, '-o', output(name)];
    const venv = [join(programs, 'venv-pack'), '--quiet', '--force', '-p', tree, '-o', output('venv-pack.tar.gz')];
    const contestants = present(bench, [
      { name: 'tar | zstd -3 -T2', command: pipe(tree, 'zstd -3 -T2 -q', output('a.tar.zst')), needs: 'zstd' },
      ...formats.map((format) => ({
        name: `relocate ${format.slice(1)}`,
        command: relocatePack(tree, output(`environment${format}`)),
      })),
      { name: 'conda-pack tar.zst', command: conda('conda-pack.tar.zst') },
      { name: 'conda-pack tar.zst, two threads', command: [...conda('conda-pack-2.tar.zst'), '-j', '2'] },
      { name: 'conda-pack tar', command: conda('conda-pack.tar') },
      { name: 'venv-pack tar.gz', command: venv, slow: true },
    ]);
    await requireEnvironments(contestants, folder, bench.say);
    const size = measureTree(tree);
    const note =
      'A venv with an empty `conda-meta/history`, which is all that conda-pack asks for; it looks for the prefix in every file, as it does for what pip installed.';
    await compareWriters(
      bench,
      { id: 'environment', title: 'Pack an environment', note, ...size },
      contestants,
      folder,
    );
  } finally {
    await run(['rm', '-rf', meta]);
  }
}

/** Each must hold the environment: all but activation scripts, which the others write anew, and byte code that is compiled again. */
async function requireEnvironments(contestants, folder, say) {
  let all = null;
  for (const { name, command } of contestants) {
    await run(command, { exits: [0, 1], output: 'ignore' });
    const archive = command.findLast((word) => word.startsWith(`${folder}/`));
    const members = await membersOf(archive);
    all ??= members;
    const files = [...all].filter((path) => path.includes('/site-packages/') && path.endsWith('.py'));
    const missing = files.filter((path) => !members.has(path));
    if (missing.length > 0) throw new Error(`${name} leaves out ${missing.slice(0, 3).join(', ')}`);
    say(`${name}: ${members.size} members of ${all.size}, all ${files.length} modules`);
    await clear(archive);
  }
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
    after: () => sizes.set(contestant.name, sizeOf(contestant.command, folder)),
  }));
  const words = () => [...sizes].map(([name, size]) => `${name} ${(size / 1e6).toFixed(0)}`).join(', ');
  await bench.compare({ ...table, rounds: bench.fewer, noteAfter: () => `Archives in MB: ${words()}.` }, prepared);
  await clear(folder);
}

function sizeOf(command, folder) {
  const archive = command.findLast((word) => word.startsWith(`${folder}/`) && existsSync(word));
  if (archive === undefined) throw new Error(`${basename(command[0])} wrote no archive`);
  return statSync(archive).size;
}
