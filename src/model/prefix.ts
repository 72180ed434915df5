/** A prefix: an absolute path under which the tree, or a part of it, knew itself when it was built. */
import type { AbsolutePath, TreePath } from './path.ts';

/**
 * How a prefix became known: `tree` the path as the user gave it, `real` its real path, `option` `--prefix` or `--from`, `config`
 * relocate.toml, `recorded` the tree itself remembers it (evidence says where), `receipt` an earlier run of relocate;
 * `via` the short link by which fixed slots of the tree name it, where that leads to it.
 */
export type PrefixSource = 'tree' | 'real' | 'option' | 'config' | 'recorded' | 'receipt' | 'via';

export interface Prefix {
  readonly path: AbsolutePath;
  /** What this path is in the tree: `''` for the root; `env` where `path` was the place of the folder `env`. */
  readonly base: TreePath;
  readonly source: PrefixSource;
  /** Where it was read, for people: `pyvenv.cfg: command`. Empty for `tree`. */
  readonly evidence: string;
}
