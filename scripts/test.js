// npm test: installs what is needed, builds, checks, and runs all tests. Ends with what took longest, what failed, and the last line
// `N passed, N failed, N skipped`: a log whose beginning is cut off still says it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runChecks } from './check.js';
import { makeReady, ROOT, run, start } from './ready.js';

if (!makeReady()) {
  console.log('FAILED  npm ci or the build; its words are above\n0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
// the end-to-end tests make real environments from these, and look into real programs; where they could not be had, the tests say so
const fetched = ['wheelhouse', 'darwin-packages'].map((name) => start(['node', `scripts/${name}.js`]));
const checks = await runChecks();
for (const { ok, output } of await Promise.all(fetched)) if (!ok) console.error(output.trimEnd());
const tests = runTests();
const failures = [...checks.failed.map((check) => `check ${check}: npm run check:${check}`), ...tests.failures];
for (const line of [...tests.slowest, ...failures.map((failure) => `FAILED  ${failure}`)]) console.log(line);
const failed = checks.failed.length + tests.failed;
console.log(`${checks.passed + tests.passed} passed, ${failed} failed, ${tests.skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'relocate-test-'));
  const path = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`];
    const isFine = run(['npx', '--no-install', 'vitest', 'run', ...reporters]);
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const failures = failuresOf(report);
    return {
      passed: report.numPassedTests,
      // a test file that could not be loaded has no failed test of its own
      failed: isFine ? report.numFailedTests : Math.max(1, failures.length, report.numFailedTests),
      skipped: report.numPendingTests,
      failures: !isFine && failures.length === 0 ? ['the tests ended with an error; its words are above'] : failures,
      slowest: slowestOf(report),
    };
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`the tests did not end: ${error.message}`], slowest: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each failed test, and each file that failed without one, with the first line of what it says. */
function failuresOf({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(ROOT, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (status === 'failed' && failed.length === 0) return [`${file}\n        ${firstLine(message)}`];
    return failed.map(
      ({ ancestorTitles, title, failureMessages }) =>
        `${[file, ...ancestorTitles, title].join(' > ')}\n        ${firstLine(failureMessages[0])}`,
    );
  });
}

function firstLine(text = '') {
  return text.split('\n')[0].slice(0, 300);
}

/** The test files that took longest, in seconds. */
function slowestOf({ testResults }) {
  return testResults
    .map(({ name, startTime, endTime }) => ({ file: relative(ROOT, name), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 5)
    .map(({ file, seconds }) => `slow    ${seconds.toFixed(0)} s  ${file}`);
}
