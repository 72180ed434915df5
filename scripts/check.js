// Every check that is no test: types, lint and layers, format, what is unused, and whether the package is whole.
import { fileURLToPath } from 'node:url';
import { run } from './ready.js';

const CHECKS = ['types', 'lint', 'format', 'registry', 'unused', 'package', 'package-types'];

/** Runs all checks, also those behind one that fails; gives how many passed and failed. */
export function runChecks() {
  let passed = 0;
  for (const check of CHECKS) {
    const isFine = run(['npm', 'run', '--silent', `check:${check}`], { quiet: true });
    console.log(`${isFine ? 'ok    ' : 'FAILED'}  check ${check}`);
    if (isFine) passed++;
  }
  return { passed, failed: CHECKS.length - passed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = runChecks().failed === 0 ? 0 : 1;
