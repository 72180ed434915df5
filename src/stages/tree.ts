/** The tree as a user names it: found, checked, with its logical and its real path. */
import { resolvePlace } from '../io/places.ts';
import { UsageError } from '../model/errors.ts';
import type { AbsolutePath } from '../model/path.ts';

/** Where a tree is. `logical` is the path as given, made absolute without following links; `real` has all links followed. */
export interface TreePlace {
  readonly logical: AbsolutePath;
  readonly real: AbsolutePath;
}

/**
 * Finds the tree a user named.
 * @throws UsageError where it does not exist, is no folder, or can't be entered
 */
export function findTree(tree: string): TreePlace {
  const place = resolvePlace(tree);
  if (place.type === null) throw new UsageError(`there is no tree at ${place.logical}: ${place.why}`);
  if (place.type !== 'directory')
    throw new UsageError(`${place.logical} is a ${place.type}, not a folder; name the folder that holds the tree`);
  return { logical: place.logical, real: place.real };
}
