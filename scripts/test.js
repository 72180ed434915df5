// npm test: installs what is needed, builds, checks, and runs all tests. Last line: `N passed, N failed, N skipped`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from './check.js';
import { makeReady, run } from './ready.js';

if (!makeReady()) {
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
// the end-to-end tests make real environments from these; where they could not be had, the tests say so
run(['node', 'scripts/wheelhouse.js']);
const checks = runChecks();
const tests = runTests();
console.log(`${checks.passed + tests.passed} passed, ${checks.failed + tests.failed} failed, ${tests.skipped} skipped`);
process.exitCode = checks.failed + tests.failed === 0 ? 0 : 1;

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'relocate-test-'));
  const report = join(folder, 'report.json');
  try {
    const isFine = run([
      'npx',
      '--no-install',
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ]);
    const {
      numPassedTests: passed,
      numFailedTests,
      numPendingTests: skipped,
    } = JSON.parse(readFileSync(report, 'utf8'));
    // a test file that could not be loaded has no failed test of its own
    return { passed, failed: isFine ? numFailedTests : Math.max(1, numFailedTests), skipped };
  } catch (error) {
    console.error(`the tests did not end: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
