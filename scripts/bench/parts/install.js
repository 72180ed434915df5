// install beside tar: the same archive, which relocate packed, unpacked into a folder that is not there yet.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { present, relocateFormats, relocatePack, requireSameTrees } from '../archives.js';
import { clear, clearTrees } from '../disk.js';
import { NODE, RELOCATE } from '../peers.js';
import { run } from '../run.js';
import { measureTree } from '../trees.js';

const RAW = fileURLToPath(new URL('../raw-extract.js', import.meta.url));
const NOTE =
  'All unpack the archive that relocate packed. tar and bsdtar check nothing, fill nothing in, and leave the disk to the system; install syncs.';

/** The whole corpus for those who have a goal; one environment for the other formats and programs, once each. */
export async function install(bench) {
  const { site, size, environments } = await bench.corpus();
  const [format, ...others] = await relocateFormats(bench);
  const first = [tarOf(format), ours(format, 'relocate install'), extraction(format)];
  await unpackings(bench, site, [format], first, { id: 'install', title: 'Install', note: NOTE, ...size });
  const environment = environments.science ?? environments.web;
  const more = [
    tarOf(format),
    ours(format, 'relocate install'),
    { name: 'bsdtar -xf', format, command: (archive, to) => unpack('bsdtar -xf', archive, to), needs: 'bsdtar' },
    ...others.flatMap((other) => [tarOf(other), ours(other, `relocate install ${other.slice(1)}`)]),
  ].map((contestant) => ({ ...contestant, slow: true }));
  const title = 'Install an environment, from all formats';
  const table = { id: 'install-formats', title, note: NOTE, ...measureTree(environment) };
  await unpackings(bench, environment, [format, ...others], more, table);
}

function tarOf(format) {
  const options = { '.tar.zst': '--zstd -xf', '.tar.gz': '-xzf', '.tar': '-xf' }[format];
  const program = `tar ${options}`;
  return { name: program, format, command: (archive, to) => unpack(program, archive, to), keeps: true };
}

function unpack(program, archive, to) {
  return ['sh', '-c', `mkdir "$1" && ${program} "$2" -C "$1"`, 'sh', to, archive];
}

function ours(format, name) {
  return { name, format, command: (archive, to) => [NODE, RELOCATE, 'install', archive, to, '--quiet'], checks: true };
}

function extraction(format) {
  return { name: 'extraction alone', format, command: (archive, to) => [NODE, RAW, archive, to], checks: true };
}

/** Packs a tree in some formats and has it unpacked. What relocate makes is what tar unpacked before it, but for the files that name the place. */
async function unpackings(bench, tree, formats, wanted, table) {
  const [folder, kept] = [join(bench.folder, 'unpacked'), join(bench.folder, 'unpacked-by-tar')];
  const archiveOf = (format) => join(bench.folder, `to-install${format}`);
  for (const format of formats) await run(relocatePack(tree, archiveOf(format)), { exits: [0, 1] });
  const made = join(folder, 'made');
  const keep = async () => {
    await clearTrees(kept);
    await run(['mv', made, kept]);
  };
  const contestants = present(bench, wanted).map(({ name, slow, format, command, keeps, checks }) => ({
    name,
    slow,
    command: command(archiveOf(format), made),
    prepare: async () => {
      await clearTrees(folder);
      mkdirSync(folder);
    },
    check: async () => {
      if (keeps === true) await keep();
      if (checks === true) bench.say(`${name}: ${requireSameTrees(made, kept)}`);
    },
  }));
  await bench.compare({ ...table, rounds: bench.fewer, isWarm: true }, contestants);
  await clearTrees(folder, kept);
  await clear(...formats.map(archiveOf));
}
