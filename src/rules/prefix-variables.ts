/** Variables that a self-locating file keeps its prefixes in: one for each place of the tree that a prefix stands for. */
import { decodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName, joinTree, relativeTo, type TreePath } from '../model/path.ts';
import type { Escaping } from '../model/reference.ts';
import { realFolderOf } from './claims.ts';
import type { RuleContext } from './rule.ts';

export interface PrefixVariable {
  readonly name: string;
  /** The way from the real folder of the file to what the prefix stands for, escaped; `.` where they are one. */
  readonly up: string;
}

/** The variables of a file, by the base of the prefix. Null where the way up can't be written in that escaping. */
export function prefixVariables(
  file: TreePath,
  hits: readonly Hit[],
  name: string,
  escaping: Escaping,
  context: RuleContext,
): ReadonlyMap<TreePath, PrefixVariable> | null {
  const variables = new Map<TreePath, PrefixVariable>();
  for (const { prefix } of hits) {
    if (variables.has(prefix.base)) continue;
    const up = escapePath(relativeTo(realFolderOf(file, context), prefix.base), escaping);
    if (up === null) return null;
    const number = variables.size + 1;
    variables.set(prefix.base, { name: number === 1 ? name : `${name}_${number}`, up: decodeBytes(up) });
  }
  return variables;
}

/** A name for a variable that no other file of the tree uses: `LIB_CMAKE_FOO_CONFIG_CMAKE`. */
export function nameOfFile(file: TreePath, context: RuleContext): string {
  return joinTree(realFolderOf(file, context), baseName(file)).replace(/[^A-Za-z0-9]+/g, '_');
}
