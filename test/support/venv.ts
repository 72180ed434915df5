/** Makes real virtual environments, as a user would, from packages that `scripts/wheelhouse.js` fetched. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runOk, type Ran } from './cli.ts';
import { usually } from './depth.ts';
import { writeTree } from './folder.ts';

const WHEELHOUSE = fileURLToPath(new URL('../../node_modules/.cache/relocate-wheelhouse', import.meta.url));

/**
 * A site with a virtual environment in `env`: flask, gunicorn and more with their console scripts, three kinds of editable
 * installs, a local install with a file:// URL, three kinds of byte code, and a script that names its own place.
 * @param at an absolute path that does not exist yet; the site knows itself by it
 * @param more packages beside those that every site has: `MORE_PACKAGES` makes it large
 */
export function makeSite(at: string, more: readonly string[] = MORE_PACKAGES): void {
  if (!existsSync(WHEELHOUSE))
    throw new Error(
      'the tests of real environments need the packages of scripts/wheelhouse.js: run `node scripts/wheelhouse.js`',
    );
  mkdirSync(dirname(at), { recursive: true });
  const env = join(at, 'env');
  runOk('python3', ['-m', 'venv', env]);
  const pip = (...args: string[]): string =>
    runOk(
      join(env, 'bin/python'),
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-index',
        '--find-links',
        WHEELHOUSE,
        ...args,
      ],
      { timeout: 300_000 },
    );
  pip('setuptools', 'wheel', 'hatchling', 'editables', 'flask', 'requests', 'six', 'click', ...more);
  writeTree(join(at, 'src'), {
    ...sourcePackage('modernpkg'),
    ...flatPackage('flatpkg'),
    ...sourcePackage('hatchpkg', 'hatchling.build'),
    ...sourcePackage('plainpkg'),
  });
  pip(
    '--no-build-isolation',
    '-e',
    join(at, 'src/modernpkg'),
    '-e',
    join(at, 'src/flatpkg'),
    '-e',
    join(at, 'src/hatchpkg'),
    join(at, 'src/plainpkg'),
  );
  const compile = (mode: string, ...paths: string[]): string =>
    runOk(join(env, 'bin/python'), ['-m', 'compileall', '-q', '-f', '--invalidation-mode', mode, ...paths]);
  const packages = runOk(join(env, 'bin/python'), [
    '-c',
    'import sysconfig; print(sysconfig.get_path("purelib"))',
  ]).trim();
  compile('timestamp', join(at, 'src'));
  compile('unchecked-hash', join(packages, 'click'));
  compile('checked-hash', join(packages, 'flask'));
  const script = `#!${env}/bin/python\nimport sys; sys.path.insert(0, "${at}/app")\nimport hello; print(hello.__file__)\n`;
  writeTree(at, { 'app/hello.py': "NAME = 'hello'\n", 'bin/run-hello': script });
  runOk('chmod', ['+x', join(at, 'bin/run-hello')]);
}

/** src layout: setuptools writes a .pth of one path, hatchling too in its own way. */
function sourcePackage(name: string, backend = 'setuptools.build_meta'): Record<string, string> {
  const find = backend.startsWith('setuptools') ? '[tool.setuptools.packages.find]\nwhere = ["src"]\n' : '';
  return {
    [`${name}/src/${name}/__init__.py`]: `def main(): print('${name}', __file__)\n`,
    [`${name}/pyproject.toml`]: project(name, backend) + find,
  };
}

/** Flat layout with a second folder: setuptools writes an import hook with a mapping. */
function flatPackage(name: string): Record<string, string> {
  return {
    [`${name}/${name}/__init__.py`]: `def main(): print('${name}', __file__)\n`,
    [`${name}/docs/readme`]: '',
    [`${name}/pyproject.toml`]: `${project(name, 'setuptools.build_meta')}[tool.setuptools]\npackages = ["${name}"]\n`,
  };
}

function project(name: string, backend: string): string {
  return `[build-system]\nrequires = ["${backend.split('.')[0]}"]\nbuild-backend = "${backend}"\n[project]\nname = "${name}"\nversion = "1.0"\n[project.scripts]\n${name} = "${name}:main"\n`;
}

/** Packages with compiled modules or scripts of their own; twisted alone has as many files as all others. */
export const MORE_PACKAGES: readonly string[] = ['gunicorn', 'zope-interface', ...usually([], ['twisted'])];

type ConsoleScript = readonly [script: string, ...args: string[]];

/** Console scripts of every site that say something and end. */
const SCRIPTS: readonly ConsoleScript[] = [
  ['env/bin/flask', '--version'],
  ['env/bin/pip', '--version'],
  ['env/bin/wheel', 'version'],
  ['env/bin/normalizer', '--version'],
  ['env/bin/modernpkg'],
  ['env/bin/flatpkg'],
  ['env/bin/hatchpkg'],
  ['env/bin/plainpkg'],
  ['bin/run-hello'],
];

/** Those that more packages bring. */
const MORE_SCRIPTS: Readonly<Record<string, readonly ConsoleScript[]>> = {
  gunicorn: [['env/bin/gunicorn', '--version']],
  twisted: [
    ['env/bin/twist', '--help'],
    ['env/bin/trial', '--version'],
  ],
};

/** Runs every console script; what each said that failed, or that spoke of another place. */
export function failingScripts(site: string, elsewhere: string, more: readonly string[] = MORE_PACKAGES): string[] {
  const scripts = [...SCRIPTS, ...more.flatMap((name) => MORE_SCRIPTS[name] ?? [])];
  return scripts.flatMap(([script, ...args]) => {
    const ran = run(join(site, script), args);
    const said = ran.stdout + ran.stderr;
    return ran.status === 0 && !said.includes(elsewhere) ? [] : [`${script} (${ran.status}): ${said}`];
  });
}

/** What a Python program says of the installed packages: rows of any RECORD that do not match their files. */
export function recordMismatches(site: string): string[] {
  const out = runOk(join(site, 'env/bin/python'), ['-c', RECORD_CHECK, join(site, 'env')]);
  return out.split('\n').filter((line) => line !== '');
}

const RECORD_CHECK = `
import base64, csv, glob, hashlib, os, sys
for record in glob.glob(os.path.join(sys.argv[1], 'lib', '*', 'site-packages', '*.dist-info', 'RECORD')):
    for path, digest, size in csv.reader(open(record, newline='', encoding='utf-8')):
        file = os.path.join(os.path.dirname(os.path.dirname(record)), path)
        if not os.path.exists(file):
            print('missing', file)
        elif digest:
            name, want = digest.split('=', 1)
            data = open(file, 'rb').read()
            have = base64.urlsafe_b64encode(hashlib.new(name, data).digest()).rstrip(b'=').decode()
            if have != want or len(data) != int(size): print('differs', file)
`;

/** Sources a script in a shell and says what became of VIRTUAL_ENV and which python is found. */
export function activated(shell: string, site: string): Ran {
  const bin = join(site, 'env/bin');
  const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;
  const line: Readonly<Record<string, string>> = {
    fish: `source ${quoted(`${bin}/activate.fish`)}; and echo $VIRTUAL_ENV; and command -v python`,
    tcsh: `source ${quoted(`${bin}/activate.csh`)}; echo $VIRTUAL_ENV; which python`,
  };
  return run(shell, [
    '-c',
    line[shell] ?? `. ${quoted(`${bin}/activate`)} && echo "$VIRTUAL_ENV" && command -v python`,
  ]);
}

/** Keeps a copy of a tree, and puts it back at its own place. */
export function pristine(site: string, keep: string): () => void {
  runOk('cp', ['-a', site, keep]);
  return () => {
    runOk('rm', ['-rf', site]);
    runOk('cp', ['-a', keep, site]);
  };
}
