// npm run corpora:compiled -- PREFIX: takes a compiled prefix (as `make install` left it, with RPATHs) through fix and a move, and says what
// held: the libraries that every program loads, every program of bin and sbin, pkg-config, CMake, autotools, and a Python in it. The prefix
// itself is only read: a copy stands in for it while it is fixed, and it is hidden while the copy is used, in mount namespaces of their
// own (needs root and unshare). Exits 1 where something did not hold.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RELOCATE = fileURLToPath(new URL('../bin/relocate.js', import.meta.url));
/** What a program is asked that knows no --version. */
const QUESTIONS = {
  c_rehash: '-h',
  nginx: '-v',
  openssl: 'version',
  pydoc3: 'keywords',
  'pydoc3.11': 'keywords',
  ...Object.fromEntries(
    ['captoinfo', 'clear', 'infocmp', 'infotocap', 'reset', 'tabs', 'tic', 'toe', 'tput', 'tset'].map((name) => [
      name,
      '-V',
    ]),
  ),
};
/** Programs that open a window. */
const UNASKED = /^idle3/;

const MAIN = `#include <stdio.h>
#include <png.h>
#include <zlib.h>
int main(void) { printf("%s %s\\n", png_get_libpng_ver(NULL), zlibVersion()); return 0; }
`;
const CMAKE = `cmake_minimum_required(VERSION 3.16)
project(use C)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
add_executable(use main.c)
target_link_libraries(use PNG::PNG ZLIB::ZLIB)
`;
const CONFIGURE = `AC_INIT([use], [1])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
PKG_CHECK_MODULES([DEPS], [libpng zlib])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
`;
const AUTOMAKE = `bin_PROGRAMS = use
use_SOURCES = main.c
AM_CFLAGS = $(DEPS_CFLAGS)
LDADD = $(DEPS_LIBS)
`;
const SETUP = `from setuptools import Extension, setup
setup(name='ext', version='1', ext_modules=[Extension('ext', ['ext.c'], libraries=['z'])])
`;
const EXTENSION = `#include <Python.h>
#include <zlib.h>
static PyObject *version(PyObject *self, PyObject *args) { return PyUnicode_FromString(zlibVersion()); }
static PyMethodDef methods[] = {{"version", version, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "ext", "", -1, methods};
PyMODINIT_FUNC PyInit_ext(void) { return PyModule_Create(&module); }
`;

const built = realpathSync(process.argv[2] ?? '.');
const work = mkdtempSync(join(tmpdir(), 'relocate-compiled-'));
// a build tree may be anywhere below the prefix's parent: all of it is hidden
const hiddenFolder = dirname(built);
let failures = 0;

try {
  const moved = join(work, 'moved');
  check('the copy', sh(`cp -a "$1" "$2"`, built, moved).status === 0);
  const fixed = sh(`mount --bind "$1" "$2" && "$3" "$4" fix "$2"`, moved, built, process.execPath, RELOCATE);
  console.log(fixed.stdout.split('\n').slice(-12).join('\n'));
  check('fix', fixed.status === 0 || fixed.status === 1, fixed.stderr);
  const again = sh(
    `mount --bind "$1" "$2" && "$3" "$4" fix "$2" --format json`,
    moved,
    built,
    process.execPath,
    RELOCATE,
  );
  check('a second fix changes nothing', JSON.parse(again.stdout).counts.names === 0);
  sameLibraries(moved);
  samePrograms(moved);
  pkgConfig(moved);
  builds(moved);
  python(moved);
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(failures === 0 ? '\nall held' : `\n${failures} did not hold`);
process.exitCode = failures === 0 ? 0 : 1;

function sameLibraries(moved) {
  const before = librariesOf(built, '');
  const after = librariesOf(moved, hide());
  const other = [...before].filter(([file, listed]) => after.get(file) !== listed);
  const inside = [...before.values()].reduce((sum, listed) => sum + listed.split('@').length - 1, 0);
  console.log(`  ${before.size} programs and libraries load ${inside} libraries of the prefix`);
  check('every one loads the same libraries', inside > 0 && other.length === 0, other.slice(0, 5).join('; '));
}

/** What ldd says of every ELF file, with `@` for the place, by its path. */
function librariesOf(root, before) {
  const script = `${before}cd "$1" && find . -path ./.relocate -prune -o -path ./src -prune -o -type f \\( -links 1 -o -path './bin/*' -o -name git \\) -print0 |
    xargs -0 -n 1 sh -c 'head -c 4 "$0" | grep -q ELF && { echo "F $0"; ldd "$0" 2>/dev/null; }'`;
  const files = new Map();
  for (const chunk of sh(script, root).stdout.split(/^F /m).slice(1)) {
    const [file, ...lines] = chunk.split('\n');
    const listed = lines
      .filter((line) => line.includes('=>'))
      .map((line) => withoutPlace(line.replace(/ \(0x.*/, ''), root));
    if (listed.length > 0) files.set(file, listed.sort().join(', '));
  }
  return files;
}

function withoutPlace(line, root) {
  const [name, path] = line.split(' => ');
  return `${name.trim()} ${path.includes('/') ? join(path).replaceAll(root, '@') : path}`;
}

function samePrograms(moved) {
  for (const folder of ['bin', 'sbin'])
    for (const name of existsSync(join(built, folder)) ? readdirSync(join(built, folder)) : []) {
      if (UNASKED.test(name) || !(lstatSync(join(built, folder, name)).mode & 0o111)) continue;
      const ask = `timeout 60 "$1/${folder}/${name}" ${QUESTIONS[name] ?? '--version'} </dev/null 2>&1; echo "exit $?"`;
      // a Perl that misses a module tells where it looked (the same folders, written in another way), and the line of a file that has more now
      const said = (ran, root) =>
        ran.stdout
          .replaceAll(root, '@')
          .replace(/\(@INC contains: .*?\)/, '')
          .replace(/ line \d+/g, '');
      const before = said(sh(ask, built), built);
      const after = said(sh(hide() + ask, moved), moved);
      if (before !== after) check(`${folder}/${name} says what it said`, false, `${after.slice(0, 300)}`);
    }
  check('every program of bin and sbin was asked', true);
}

function pkgConfig(moved) {
  const script = `export PKG_CONFIG_PATH="$1/lib/pkgconfig:$1/share/pkgconfig"
    for f in "$1"/lib/pkgconfig/*.pc; do pkg-config --cflags --libs "$(basename "$f" .pc)" || echo "FAILED $f"; done`;
  const { stdout } = sh(hide() + script, moved);
  check(
    'pkg-config names the new place alone',
    stdout.includes(moved) && !/FAILED/.test(stdout) && !stdout.includes(built),
    stdout,
  );
}

function builds(moved) {
  for (const [name, files] of [
    ['cmake', { 'main.c': MAIN, 'CMakeLists.txt': CMAKE }],
    ['autotools', { 'main.c': MAIN, 'configure.ac': CONFIGURE, 'Makefile.am': AUTOMAKE }],
  ]) {
    const place = join(work, name);
    mkdirSync(place);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text);
  }
  const env = `export PATH="$1/bin:$PATH" PKG_CONFIG_PATH="$1/lib/pkgconfig" LD_RUN_PATH="$1/lib"; cd "$2"; `;
  const cmake = sh(
    `${hide()}${env}cmake -S . -B b -DCMAKE_PREFIX_PATH="$1" && cmake --build b && ldd b/use && b/use`,
    moved,
    join(work, 'cmake'),
  );
  check(
    'a CMake project builds against it and runs',
    cmake.status === 0 && cmake.stdout.includes(`${moved}/lib/`),
    cmake.stderr,
  );
  const autotools = sh(
    `${hide()}${env}autoreconf -fi && ./configure && make && ldd use && ./use`,
    moved,
    join(work, 'autotools'),
  );
  check(
    'an autotools project is made with its autoconf, builds and runs',
    autotools.status === 0 && autotools.stdout.includes(`${moved}/lib/`),
    autotools.stderr,
  );
}

function python(moved) {
  if (!existsSync(join(moved, 'bin/python3'))) return;
  const modules = sh(
    `${hide()}"$1/bin/python3" -c 'import ssl, sqlite3, zlib, ctypes, sys; print(ssl.OPENSSL_VERSION, sys.prefix)'`,
    moved,
  );
  check(
    'its Python imports ssl, sqlite3, zlib, ctypes',
    modules.status === 0 && modules.stdout.includes(moved),
    modules.stderr,
  );
  const place = join(work, 'ext');
  mkdirSync(place);
  writeFileSync(join(place, 'setup.py'), SETUP);
  writeFileSync(join(place, 'ext.c'), EXTENSION);
  const script = `${hide()}cd "$2" && "$1/bin/python3" -m pip install --quiet --no-index --no-build-isolation . && cd / &&
    "$1/bin/python3" -c 'import ext; print(ext.version(), ext.__file__)' && ldd "$1"/lib/python3*/site-packages/ext.*.so`;
  const extension = sh(script, moved, place);
  check(
    'pip builds a C extension with it',
    extension.status === 0 && extension.stdout.includes(`${moved}/lib/libz`),
    extension.stderr + extension.stdout,
  );
}

/** Shell that hides the place of the build, in the namespace that `sh` makes. */
function hide() {
  return `mount -t tmpfs none '${hiddenFolder}' && `;
}

function sh(script, ...args) {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', HOME: work, LC_ALL: 'C.UTF-8' };
  const ran = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', ...args], {
    cwd: '/',
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (ran.error) throw ran.error;
  return ran;
}

function check(what, isTrue, detail = '') {
  if (!isTrue) failures++;
  console.log(
    `  ${isTrue ? 'held   ' : 'FAILED '} ${what}${isTrue || detail === '' ? '' : `\n${detail.split('\n').slice(-15).join('\n')}`}`,
  );
}
