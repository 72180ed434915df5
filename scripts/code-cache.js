// Runs the bundle on the fixtures and keeps what V8 compiled for it, beside the bundle: bin/load.js takes it. Made last by the build, for the
// version of Node that builds. Code is kept as it is after the work, so functions that work needs are in it, and others are compiled when they are called.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
/** Where the fixtures say that they were built. */
const PREFIX = '/srv/build/site';
/** The words of a command line, in a process that runs it. */
const INSIDE = 'relocate-code-cache';

const words = process.env[INSIDE];
if (words === undefined) runAll();
else await keepCode(JSON.parse(words));

/** Each takes the code that those before it left, and adds to it. */
function runAll() {
  const folder = mkdtempSync(join(tmpdir(), 'relocate-code-'));
  const run = (...more) => {
    const scan = ['scan', `${root}fixtures`, '--prefix', PREFIX, '--jobs', '1', ...more];
    const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
      env: { ...process.env, [INSIDE]: JSON.stringify(scan), XDG_CACHE_HOME: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the bundle could not be run for its code cache:\n${stderr}`);
  };
  try {
    // `=` is for yargs, whose code is wanted too
    run('--format=json');
    run('--format', 'json', '--cache');
    run('--format', 'json', '--cache');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function keepCode(command) {
  const { CODE, codeName, modules, scripts } = require('../bin/load.js');
  process.argv.splice(2, Infinity, ...command);
  require('../bin/relocate.js');
  await modules.get('cli/main.js').exports.done;
  // that there are references is no failure
  if (process.exitCode === 1) process.exitCode = 0;
  mkdirSync(CODE, { recursive: true });
  for (const [path, script] of scripts) writeFileSync(join(CODE, codeName(path)), script.createCachedData());
}
