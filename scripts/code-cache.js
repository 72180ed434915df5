// Runs the bundle on the fixtures and keeps what V8 compiled for it, beside the bundle: bin/load.js takes it. Made last by the build, for the
// version of Node that builds. Code is kept as it is after the work, so functions that work needs are in it, and others are compiled when they are called.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
/** Where the fixtures say that they were built. */
const PREFIX = '/srv/build/site';
const INSIDE = 'relocate-code-cache';

if (process.env[INSIDE] === undefined) {
  const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    env: { ...process.env, [INSIDE]: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the bundle could not be run for its code cache:\n${stderr}`);
} else await keepCode();

async function keepCode() {
  const { CODE, codeName, modules, scripts } = require('../bin/load.js');
  // `=`, so that yargs, whose code is wanted too, is asked
  process.argv.splice(2, Infinity, 'scan', `${root}fixtures`, '--prefix', PREFIX, '--format=json', '--jobs', '1');
  require('../bin/relocate.js');
  await modules.get('cli/main.js').exports.done;
  // that there are references is no failure
  if (process.exitCode === 1) process.exitCode = 0;
  mkdirSync(CODE, { recursive: true });
  for (const [path, script] of scripts) writeFileSync(join(CODE, codeName(path)), script.createCachedData());
}
