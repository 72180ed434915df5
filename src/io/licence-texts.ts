/** Finds the licence of a program or library of this host, where distributions put it. */
import { encodeBytes } from '../formats/byte-text.ts';
import { asAbsolutePath, baseName, joinAbsolute, type AbsolutePath } from '../model/path.ts';
import { namesIn, realPath, type BasePython } from './base-python.ts';
import { lookAt } from './look.ts';
import { readSmallFile } from './small-file.ts';

/** A text, and where it goes in a bundle. */
export interface LicenceText {
  readonly from: AbsolutePath;
  /** Relative to the bundled Python: `share/doc/libssl3/copyright`. */
  readonly to: string;
}

/** Bytes of a package's list of files: the largest have some 100,000 lines. */
const LIMIT = 64 * 1024 * 1024;
const DPKG = asAbsolutePath('/var/lib/dpkg/info');

/**
 * The licence of a Python: null where it lies in the standard library, and so comes along anyway (CPython's own installation puts
 * `LICENSE.txt` there); `none` where there is none.
 */
export function licenceOfPython({ prefix, library }: BasePython): LicenceText | null | 'none' {
  const inLibrary = ['LICENSE.txt', 'LICENSE'].some((name) => isFile(joinAbsolute(prefix, `${library}/${name}`)));
  if (inLibrary) return null;
  const python = baseName(library);
  const places = [
    'LICENSE.txt',
    'LICENSE',
    // Debian and its descendants, by the package of the program or of its smallest library
    `share/doc/${python}/copyright`,
    `share/doc/lib${python}-minimal/copyright`,
    `share/doc/lib${python}-stdlib/copyright`,
    // Fedora and its descendants
    `share/licenses/${python}/LICENSE`,
    `share/licenses/${python}-libs/LICENSE`,
    'share/licenses/python3-libs/LICENSE',
  ];
  const found = places.find((place) => isFile(joinAbsolute(prefix, place)));
  return found === undefined ? 'none' : { from: realOf(joinAbsolute(prefix, found)), to: found };
}

/** The licences of libraries by their places; null for those of which none was found. */
export function licencesOfLibraries(places: readonly AbsolutePath[]): ReadonlyMap<AbsolutePath, LicenceText | null> {
  const found = new Map<AbsolutePath, LicenceText | null>();
  const packages = packagesOf(places);
  for (const place of places) {
    const name = packages.get(place);
    const from = name === undefined ? null : asAbsolutePath(`/usr/share/doc/${name}/copyright`);
    const isThere = from !== null && isFile(from);
    found.set(place, isThere ? { from: realOf(from), to: `share/doc/${name}/copyright` } : null);
  }
  return found;
}

/**
 * Which package of dpkg a file belongs to. Its lists (`<package>.list`, `<package>:<arch>.list`) may name a file by the folder it had
 * before `/lib` became a link to `/usr/lib`.
 */
function packagesOf(places: readonly AbsolutePath[]): ReadonlyMap<AbsolutePath, string> {
  const packages = new Map<AbsolutePath, string>();
  const packaged = places.filter((place) => /^\/(?:usr\/)?lib/.test(place));
  if (packaged.length === 0) return packages;
  for (const list of namesIn(DPKG)) {
    if (!list.endsWith('.list')) continue;
    const text = `\n${readSmallFile(encodeBytes(joinAbsolute(DPKG, list)), LIMIT, true).toString('latin1')}`;
    for (const place of packaged) {
      const spellings = [place, place.startsWith('/usr/lib') ? place.slice('/usr'.length) : place];
      if (spellings.some((spelling) => text.includes(`\n${spelling}\n`)))
        packages.set(place, list.slice(0, -'.list'.length).replace(/:.*$/, ''));
    }
  }
  return packages;
}

function isFile(place: AbsolutePath): boolean {
  const real = realPath(place);
  return real !== null && lookAt(encodeBytes(real))?.isFile() === true;
}

function realOf(place: AbsolutePath): AbsolutePath {
  return realPath(place) ?? place;
}
