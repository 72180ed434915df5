// Every check that is no test: types, lint and layers, format, what is unused, and whether the package is whole.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { makeReady, start } from './ready.js';

/** Those that take longest first. */
const CHECKS = ['format', 'package-types', 'unused', 'lint', 'types', 'package', 'registry'];

/** Runs all checks on a fresh build, also those behind one that fails; gives how many passed, and the names of those that failed. */
export async function runChecks() {
  const waiting = [...CHECKS];
  const failed = [];
  const runOneByOne = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift())
      if (!(await isFine(check))) failed.push(check);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runOneByOne));
  return { passed: CHECKS.length - failed.length, failed };
}

async function isFine(check) {
  // a check that packs would build again, into the folder that another one reads
  const env = { npm_config_ignore_scripts: 'true' };
  const { ok, output } = await start(['npm', 'run', '--silent', `check:${check}`], env);
  console.log(`${ok ? 'ok    ' : `${output.trimEnd()}\nFAILED`}  check ${check}`);
  return ok;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { failed } = makeReady() ? await runChecks() : { failed: ['build'] };
  if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
