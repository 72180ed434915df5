/** Which files of a Python's standard library come along with a tree. Pure: paths relative to `lib/pythonX.Y`. */
import type { BundlePart } from '../model/bundle.ts';
import { baseName } from '../model/path.ts';

/**
 * Never a part: installed packages; what is there to build and embed Python, not to run it; and the module by which tkinter draws, since its
 * libraries belong to the desktop of a host, together with the data that they read.
 */
const NEVER: readonly RegExp[] = [
  /^(?:site|dist)-packages$/,
  /^config(?:-[^/]*)?$/,
  /^lib-dynload\/_tkinter\.[^/]*so$/,
];

/** CPython's own tests stand in a folder `test` or `tests` of the module; modules in C that exist for them begin with `_test`. */
const PARTS: Readonly<Record<BundlePart, readonly RegExp[]>> = {
  tests: [
    /^test$/,
    /^(?:ctypes|distutils|lib2to3|sqlite3|tkinter|unittest|idlelib)\/(?:test|tests|idle_test)$/,
    /^lib-dynload\/(?:_test\w*|_ctypes_test|_xxtestfuzz|xxlimited\w*)\.[^/]*so$/,
  ],
  caches: [/(?:^|\/)__pycache__$/],
  gui: [/^(?:idlelib|tkinter|turtledemo)$/, /^turtle\.py$/],
};

/** Whether a file or folder of the standard library stays behind. */
export function staysBehind(path: string, without: readonly BundlePart[]): boolean {
  return [...NEVER, ...without.flatMap((part) => PARTS[part])].some((pattern) => pattern.test(path));
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
