/** Which files of a Python's standard library come along with a tree. Pure: paths relative to `lib/pythonX.Y`. */
import type { BundlePart } from '../model/bundle.ts';
import { baseName } from '../model/path.ts';

/** Installed packages, and what is there to build and embed Python, not to run it: never a part. */
const NEVER: readonly RegExp[] = [/^(?:site|dist)-packages$/, /^config-[^/]*$/, /^config$/];

/** CPython's own tests stand in a folder `test` or `tests` of the module; modules in C that exist for them begin with `_test`. */
const PARTS: Readonly<Record<BundlePart, readonly RegExp[]>> = {
  tests: [
    /^test$/,
    /^(?:ctypes|distutils|lib2to3|sqlite3|tkinter|unittest|idlelib)\/(?:test|tests|idle_test)$/,
    /^lib-dynload\/(?:_test\w*|_ctypes_test|_xxtestfuzz|xxlimited\w*|_xxsubinterpreters)\.[^/]*so$/,
  ],
  caches: [/(?:^|\/)__pycache__$/],
  gui: [/^(?:idlelib|tkinter|turtledemo)$/, /^turtle\.py$/, /^lib-dynload\/_tkinter\.[^/]*so$/],
};

/** Whether a file or folder of the standard library stays behind. */
export function staysBehind(path: string, without: readonly BundlePart[]): boolean {
  return [...NEVER, ...without.flatMap((part) => PARTS[part])].some((pattern) => pattern.test(path));
}

/** Whether a module draws on the display: its libraries belong to the desktop of a host, together with the data that they read. */
export function isDisplayModule(path: string): boolean {
  return baseName(path).startsWith('_tkinter.');
}

/** Folders of installed packages of a Python, relative to its prefix; Debian has its own (its site.py, `getsitepackages`). */
export function packageFolders(library: string): readonly string[] {
  const python = baseName(library);
  return [
    `${library}/site-packages`,
    `${library}/dist-packages`,
    'lib/python3/dist-packages',
    `local/lib/${python}/dist-packages`,
  ];
}
