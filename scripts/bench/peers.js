// The programs that take part besides relocate: which of them are here, and how to get the others.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { has, run } from './run.js';

/** Whoever runs the benchmark runs what it measures, too. */
export const NODE = process.execPath;
export const RELOCATE = fileURLToPath(new URL('../../bin/relocate.js', import.meta.url));

/** Debian's packages by the program that is wanted of them. */
const PACKAGES = {
  rg: 'ripgrep',
  time: 'time',
  patchelf: 'patchelf',
  zstd: 'zstd',
  pigz: 'pigz',
  bsdtar: 'libarchive-tools',
};
const PYTHON_PACKAGES = ['conda-pack', 'zstandard', 'venv-pack', 'virtualenv-clone', 'setuptools<81'];

/** Installs what is missing where it is asked for and possible, else says what to do. */
export async function readyPeers(install, say) {
  const missing = Object.keys(PACKAGES).filter((program) => !has(program));
  if (missing.length === 0) return;
  const words = missing.map((program) => PACKAGES[program]);
  if (!install) say(`missing: ${missing.join(', ')} (apt-get install ${words.join(' ')}, or --get-peers)`);
  else {
    await run(['apt-get', 'update', '-qq'], { output: 'ignore' });
    await run(['apt-get', 'install', '-y', '-qq', ...words], { output: 'ignore' });
  }
}

/** The folder with the programs conda-pack, venv-pack and virtualenv-clone: in an environment of their own, made by pip once for a corpus. */
export async function pythonPeers(folder) {
  const environment = join(folder, 'peers');
  const programs = join(environment, 'bin');
  if (existsSync(join(environment, 'ready'))) return programs;
  await run(['rm', '-rf', environment]);
  await run(['python3', '-m', 'venv', environment]);
  const pip = [join(programs, 'python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run([...pip, ...PYTHON_PACKAGES]);
  await run(['touch', join(environment, 'ready')]);
  return programs;
}

/** Whether a command of relocate speaks of something: what is not there yet is skipped, not failed on. */
export async function knows(command, pattern) {
  return pattern.test((await run([NODE, RELOCATE, command, '--help'])).toString());
}
