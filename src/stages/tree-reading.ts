/** What the threads that write and read the files of a tree have to know of it. */
import type { FileSettings } from '../io/file-tasks.ts';
import type { ManifestHead } from '../model/manifest.ts';
import type { TreeToVerify } from './verify-tree.ts';

/** The place itself is searched for too: it claims its own bytes where an origin is a part of it. */
export function readingOf(
  manifest: ManifestHead,
  { root, place, via, formerPlaces }: Pick<TreeToVerify, 'root' | 'place' | 'via' | 'formerPlaces'>,
): FileSettings {
  const { placeholder, origins } = manifest;
  const here = via === null ? [place] : [place, via];
  const places = [...here, ...formerPlaces.filter((path) => !here.includes(path))];
  const prefixes = [...places.map((path) => ({ path, base: '' })), ...origins];
  return { root, words: { placeholder, origins }, prefixes, here };
}
