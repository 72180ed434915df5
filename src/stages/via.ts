/** The short link to a tree that `fix --via` writes where a slot has no room for the place. Fix changes the tree alone: others make the link. */
import { showBytes } from '../formats/byte-text.ts';
import { absolutePath } from '../io/places.ts';
import { leadsTo } from '../io/via-link.ts';
import { UsageError } from '../model/errors.ts';
import { isInside, type AbsolutePath } from '../model/path.ts';
import { findTree } from './tree.ts';

/**
 * The absolute path of a link that leads to a tree.
 * @throws UsageError where it does not, or is of no use
 */
export function requireVia(tree: string, link: string): AbsolutePath {
  const { logical, real } = findTree(tree);
  const via = absolutePath(link);
  if (via.split('/').length < 3)
    throw new UsageError(
      `the link ${showBytes(via)} has one name only, which may mean other things in a text; give it two, as in /o${via}`,
    );
  if (isInside(via, logical) || isInside(via, real))
    throw new UsageError(`--via names a link to the tree, and ${showBytes(via)} is the tree or lies in it`);
  if (!leadsTo(via, real))
    throw new UsageError(
      `${showBytes(via)} does not lead to the tree; make it first: ln -sfn ${showBytes(logical)} ${showBytes(via)}`,
    );
  return via;
}
