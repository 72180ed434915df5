// Fetches the Python packages that the end-to-end tests install, once, into a folder that the tests then use without a network.
// Prints the folder. Exits 1 with a sentence where it can't; the tests that need it then say so. The benchmark fetches its own in the same way.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const PACKAGES = [
  'setuptools',
  'wheel',
  'hatchling',
  'editables',
  'flask',
  'gunicorn',
  'requests',
  'six',
  'zope-interface',
  'twisted',
  'click',
];

/** Fetches wheels of packages and all that they need, for the given Python, where the folder is not there yet; gives the folder, or null. */
export function fetchWheels(name, python, packages) {
  const target = fileURLToPath(new URL(`../node_modules/.cache/${name}`, import.meta.url));
  if (existsSync(target)) return target;
  const staging = `${target}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  const options = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
  const done = spawnSync(python, [...options, '-d', staging, ...packages], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) {
    rmSync(staging, { recursive: true, force: true });
    return null;
  }
  renameSync(staging, target);
  return target;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fetchWheels('relocate-wheelhouse', 'python3', PACKAGES);
  if (folder === null)
    console.error(`wheelhouse: pip could not fetch ${PACKAGES.join(', ')}; the tests of real environments need them`);
  else console.log(folder);
  process.exitCode = folder === null ? 1 : 0;
}
