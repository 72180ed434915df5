// The scan: beside ripgrep and grep, for more prefixes, a second time with a cache, for any share of files with a hit, and as a tree grows.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { relocateFormats, relocatePack } from '../archives.js';
import { clearTrees } from '../disk.js';
import { knows, NODE, RELOCATE } from '../peers.js';
import { requireSame, searchersFor } from '../searchers.js';
import { makeSmallFiles, measureTree } from '../trees.js';
import { run } from '../run.js';

export async function scan(bench) {
  const { site, size } = await bench.corpus();
  const all = await searchersFor(site);
  const listed = await requireSame(all, bench.say);
  const share = ((listed / size.files) * 100).toFixed(0);
  const references = all.found.summary.references.toLocaleString('en');
  const note = `${share} % of the files hold the path of the tree (byte code names its source), ${references} references.`;
  const { offsets, list, one, grep, floor, raw, scan } = all;
  await bench.compare({ id: 'scan', title: 'Scan', note, ...size }, [offsets, list, one, grep, floor, raw, scan]);
}

export async function prefixes(bench) {
  const { site, size } = await bench.corpus();
  for (const count of bench.isQuick ? [1, 8] : [1, 2, 4, 8, 16]) {
    const named = Array.from({ length: count - 1 }, (_, i) => `/srv/build/instance-${i}`);
    const { list, offsets, raw, scan } = await searchersFor(site, named);
    const title = count === 1 ? 'One prefix' : `${count} prefixes`;
    const contestants = count === 1 || count === 8 ? [list, offsets, raw, scan] : [list, offsets, raw];
    const rounds = count === 8 ? bench.rounds : bench.fewer;
    await bench.compare({ id: `prefixes-${count}`, title, ...size, rounds, isWarm: true }, contestants);
  }
}

export async function cache(bench) {
  if (!(await knows('scan', /--cache\b/))) return bench.skip('second scan with a cache', 'scan has no --cache');
  const { site, size } = await bench.corpus();
  const { list, scan } = await searchersFor(site);
  const folder = join(bench.folder, 'cache');
  mkdirSync(folder);
  const cached = ['env', `XDG_CACHE_HOME=${folder}`, ...scan.command, '--cache'];
  const without = await run(scan.command, { exits: [0, 1] });
  for (const which of ['first', 'second'])
    if (!(await run(cached, { exits: [0, 1] })).equals(without))
      throw new Error(`the ${which} scan with a cache says something else`);
  const forget = async () => {
    await run(['rm', '-rf', folder]);
    mkdirSync(folder);
  };
  // each second scan finds what the first one of its round left
  await bench.compare({ id: 'cache', title: 'A second scan of an unchanged tree', ...size, isWarm: true }, [
    list,
    scan,
    { name: 'relocate scan, first', command: cached, prepare: forget },
    { name: 'relocate scan, second', command: cached },
  ]);
}

export async function hits(bench) {
  const count = bench.isQuick ? 5000 : 20_000;
  for (const share of bench.isQuick ? [0.01, 0.5] : [0.001, 0.01, 0.1, 0.5])
    await smallFiles(bench, { id: `hits-${share}`, title: `${share * 100} % of small files with a hit`, count, share });
}

export async function growth(bench) {
  for (let count = 1000; count <= bench.most; count *= 10)
    await smallFiles(bench, {
      id: `growth-${count}`,
      title: `${count.toLocaleString('en')} small files`,
      count,
      share: 0.01,
      isGrowing: true,
    });
}

async function smallFiles(bench, { id, title, count, share, isGrowing = false }) {
  const tree = join(bench.folder, id);
  mkdirSync(tree);
  await makeSmallFiles(tree, count, share, tree);
  const all = await searchersFor(tree);
  await requireSame(all, bench.say);
  const { files, bytes } = measureTree(tree);
  const contestants = [all.offsets, all.list, all.raw, all.scan];
  if (isGrowing && count >= 10_000) contestants.push(...(await forMemory(bench, tree)));
  const rounds = count > 100_000 ? 1 : bench.rounds;
  await bench.compare({ id, title, files, bytes, rounds, isWarm: count > 100_000 || bench.isQuick }, contestants);
  await clearTrees(tree, ...contestants.flatMap(({ made }) => made ?? []));
}

/** A pack and an install, once each: what counts is their memory. */
async function forMemory(bench, tree) {
  const [format] = await relocateFormats(bench);
  const [archive, installed] = [join(bench.folder, `grown${format}`), join(bench.folder, 'grown')];
  const install = [NODE, RELOCATE, 'install', archive, installed, '--quiet'];
  return [
    { name: 'relocate pack', command: relocatePack(tree, archive), slow: true, made: archive },
    { name: 'relocate install', command: install, slow: true, made: installed },
  ];
}
