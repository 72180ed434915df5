// Fetches the Python packages that the end-to-end tests install, once, into a folder that the tests then use without a network.
// Prints the folder. Exits 1 with a sentence where it can't; the tests that need it then say so.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PACKAGES = [
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

const target = fileURLToPath(new URL('../node_modules/.cache/relocate-wheelhouse', import.meta.url));
if (!existsSync(target)) {
  const staging = `${target}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  const options = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--only-binary',
    ':all:',
    '-d',
    staging,
  ];
  const done = spawnSync('python3', [...options, ...PACKAGES], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status === 0) renameSync(staging, target);
  else {
    rmSync(staging, { recursive: true, force: true });
    console.error(`wheelhouse: pip could not fetch ${PACKAGES.join(', ')}; the tests of real environments need them`);
    process.exit(1);
  }
}
console.log(target);
