// A copy of an installed Python that is at home where it stands, as if it had been built there: its text names the new place, its search
// paths lead to its own libraries, its byte code was compiled there. What is compiled into its library stays.
import { chmodSync, existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { has, run } from './run.js';
import { measureTree } from './trees.js';

/** Copies a Python's folder to `home`; gives its program. A host's own Python is not copied: it has no folder of its own. */
export async function settlePython(source, home) {
  if (!existsSync(join(source, 'bin/python3'))) return 'python3';
  await run(['cp', '-a', source, home]);
  for (const path of measureTree(home).names)
    if (path.endsWith('.pyc')) rmSync(path);
    else await settleFile(path, source, home);
  const python = join(home, 'bin/python3');
  // some files of the tests can't be compiled, which makes it say 1
  await run([python, '-m', 'compileall', '-q', '-j', '0', join(home, 'lib')], {
    exits: [0, 1],
    output: 'ignore',
    errors: 'ignore',
  });
  return python;
}

async function settleFile(path, source, home) {
  const bytes = readFileSync(path);
  if (!bytes.includes(source)) return;
  const { mode } = lstatSync(path);
  chmodSync(path, mode | 0o200);
  if (!bytes.includes(0)) writeFileSync(path, bytes.toString('latin1').replaceAll(source, home), 'latin1');
  else if (bytes.readUInt32BE(0) === 0x7f454c46 && !path.endsWith('.o')) await settleProgram(path, source, home);
  chmodSync(path, mode);
}

async function settleProgram(path, source, home) {
  if (!has('patchelf')) throw new Error('patchelf is needed (apt-get install patchelf)');
  const found = await run(['patchelf', '--print-rpath', path], { exits: [0, 1], errors: 'ignore' });
  const searchPath = found.toString().trim();
  if (!searchPath.includes(source)) return;
  const beside = join(dirname(path), `.${basename(path)}`);
  await run(['patchelf', '--set-rpath', searchPath.replaceAll(source, home), '--output', beside, path]);
  await run(['mv', '-f', beside, path]);
}
