// install beside tar: the same archive, which relocate packed, unpacked into a folder that is not there yet.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clear, present, relocateFormats, relocatePack, requireSameTrees } from '../archives.js';
import { RELOCATE } from '../peers.js';
import { run, Stopped } from '../run.js';

const RAW = fileURLToPath(new URL('../raw-extract.js', import.meta.url));

export async function install(bench) {
  const { site, size } = await bench.corpus();
  const folder = join(bench.folder, 'unpacked');
  mkdirSync(folder);
  const formats = await relocateFormats(bench);
  for (const format of formats) {
    const archive = join(bench.folder, `to-install${format}`);
    await run(relocatePack(site, archive), { exits: [0, 1] });
  }
  const ours = (name, format, slow) => {
    const archive = join(bench.folder, `to-install${format}`);
    return { name, slow, command: ['node', RELOCATE, 'install', archive, join(folder, 'site'), '--quiet'] };
  };
  const unpack = (name, format, program, slow) => {
    const archive = join(bench.folder, `to-install${format}`);
    const command = ['sh', '-c', `mkdir "$1" && ${program} "$2" -C "$1"`, 'sh', join(folder, 'site'), archive];
    return { name, slow, command, needs: program.split(' ')[0] };
  };
  const raw = (name, format) => {
    const archive = join(bench.folder, `to-install${format}`);
    return { name, command: ['node', RAW, archive, join(folder, 'site')] };
  };
  const contestants = present(bench, [
    ...(formats.includes('.tar.zst')
      ? [
          unpack('tar --zstd -xf', '.tar.zst', 'tar --zstd -xf'),
          ours('relocate install', '.tar.zst'),
          raw('extraction alone', '.tar.zst'),
          unpack('bsdtar -xf', '.tar.zst', 'bsdtar -xf'),
        ]
      : []),
    unpack('tar xf', '.tar', 'tar -xf'),
    ours('relocate install tar', '.tar'),
    unpack('tar xzf', '.tar.gz', 'tar -xzf', true),
    ours('relocate install tar.gz', '.tar.gz', true),
  ]);
  const working = await requireSameBytes(contestants, folder, bench);
  const empty = async () => {
    await clear(folder);
    mkdirSync(folder);
  };
  const note =
    'All unpack the archive that relocate packed. tar and bsdtar check nothing, fill nothing in, and leave the disk to the system; install syncs.';
  const prepared = working.map((contestant) => ({ ...contestant, prepare: empty }));
  await bench.compare({ id: 'install', title: 'Install', note, ...size, rounds: bench.fewer }, prepared);
  await clear(folder, ...formats.map((format) => join(bench.folder, `to-install${format}`)));
}

/**
 * What relocate installs, or extracts, is what tar unpacks, but for the files that name the place.
 * @returns the contestants without the extraction where that does not work: it is made of inner parts, which change
 */
async function requireSameBytes(contestants, folder, bench) {
  const [tar, ours, raw] = ['tar', 'relocate install', 'extraction'].map((start) =>
    contestants.find(({ name }) => name.startsWith(start)),
  );
  const [made, unpacked] = [join(folder, 'site'), join(folder, 'unpacked')];
  const requireSame = async ({ name, command }) => {
    await run(command, { exits: [0, 1] });
    bench.say(`${name}: ${requireSameTrees(made, unpacked)}`);
    await run(['rm', '-rf', made]);
  };
  await run(tar.command);
  await run(['mv', made, unpacked]);
  await requireSame(ours);
  if (raw === undefined) return contestants;
  try {
    await requireSame(raw);
    return contestants;
  } catch (error) {
    if (error instanceof Stopped) throw error;
    bench.skip(raw.name, error.message);
    return contestants.filter((contestant) => contestant !== raw);
  }
}
