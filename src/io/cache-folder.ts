/** The folder of the user's scan caches: outside of every tree, of this user alone, of bounded size. */
import { lstatSync, mkdirSync, readdirSync, realpathSync, unlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { decodeBytes, encodeBytes, showBytes } from '../formats/byte-text.ts';
import { asAbsolutePath, isInside, normalizeAbsolute, type AbsolutePath } from '../model/path.ts';
import { reasonOf } from './reasons.ts';

/** Files that are kept: those that were used last, up to this many, and up to this many bytes. */
const MOST_FILES = 32;
const MOST_BYTES = 2 * 1024 ** 3;
/** A file that is being written, or was left by a run that was killed: removed when it is a day old. */
const PART = /\.part$/;
const DAY = 24 * 60 * 60 * 1000;

export const CACHE_SUFFIX = '.scan';

/** Where caches may be written, or why nowhere. */
export type CacheFolder = { readonly path: AbsolutePath } | { readonly trouble: string };

/** Finds the folder, and makes it where it is not there. `tree`: the real path of the tree, which is not to change. */
export function cacheFolder(tree: AbsolutePath): CacheFolder {
  const above = userCaches();
  if (above === null) return { trouble: 'neither XDG_CACHE_HOME nor HOME says where caches are' };
  const path = asAbsolutePath(`${above === '/' ? '' : above}/relocate`);
  const name = showBytes(path);
  try {
    mkdirSync(encodeBytes(path), { recursive: true, mode: 0o700 });
    const folder = lstatSync(encodeBytes(path));
    if (!folder.isDirectory()) return { trouble: `${name} is no folder` };
    if (folder.uid !== process.geteuid?.() || (folder.mode & 0o022) !== 0)
      return { trouble: `${name} is not of this user alone` };
    const real = decodeBytes(realpathSync.native(encodeBytes(path), { encoding: 'buffer' }));
    if (isInside(real, tree)) return { trouble: `${name} lies in the tree` };
    return { path };
  } catch (error) {
    return { trouble: `${name}: ${reasonOf(error)}` };
  }
}

function userCaches(): AbsolutePath | null {
  // the standard says that a relative one is not heeded
  const told = normalizeAbsolute(process.env['XDG_CACHE_HOME'] ?? '');
  if (told !== null) return told;
  const home = normalizeAbsolute(homedir());
  if (home === null || home === '/') return null;
  return asAbsolutePath(`${home}/.cache`);
}

/** Removes what was not used for longest, beyond the bounds. What can't be removed stays. */
export function pruneCaches(folder: AbsolutePath): void {
  let files = 0;
  let bytes = 0;
  for (const { place, name, size, time } of newestFirst(folder)) {
    const isOurs = name.endsWith(CACHE_SUFFIX);
    if (isOurs) {
      files++;
      bytes += size;
    }
    const isTooMuch = isOurs && files > 1 && (files > MOST_FILES || bytes > MOST_BYTES);
    if (isTooMuch || (PART.test(name) && time < Date.now() - DAY)) attempt(() => unlinkSync(place));
  }
}

interface Kept {
  readonly place: string;
  readonly name: string;
  readonly size: number;
  readonly time: number;
}

function newestFirst(folder: AbsolutePath): Kept[] {
  const names = attempt(() => readdirSync(folder)) ?? [];
  const kept = names.flatMap((name): Kept[] => {
    const place = `${folder}/${name}`;
    const file = attempt(() => lstatSync(place));
    return file?.isFile() === true ? [{ place, name, size: file.size, time: file.mtimeMs }] : [];
  });
  return kept.sort((a, b) => b.time - a.time);
}

function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
