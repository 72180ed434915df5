/** Extended attributes of a whole tree (capabilities and ACLs are some): read and set by one call of a tool, since Node has none. */
import { parseDump, writeDump } from '../formats/getfattr-dump.ts';
import type { Attribute } from '../model/manifest-entry.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { runTool } from './host-tool.ts';

export type AttributesOf = ReadonlyMap<TreePath, readonly Attribute[]>;

/** The attributes of every path that has some; null where this host has no `getfattr`. Follows no symlink. */
export async function readAttributes(tree: AbsolutePath): Promise<AttributesOf | null> {
  // what can't be entered makes it fail at the end; the walk has its own verdict on that
  const { ok, output } = await runTool(tree, ['getfattr', '-R', '-P', '-h', '-d', '-m', '-', '-e', 'base64', '.']);
  if (output === '' && !ok && !(await runTool(tree, ['getfattr', '--version'])).ok) return null;
  return parseDump(output);
}

/**
 * Sets attributes below `root`; owners must be set before, since a change of owner clears capabilities.
 * @returns what could not be set, one sentence a line; empty where all went well
 */
export async function writeAttributes(root: AbsolutePath, attributes: AttributesOf): Promise<string[]> {
  if (attributes.size === 0) return [];
  const { ok, message } = await runTool(root, ['setfattr', '-h', '--restore=-'], writeDump(attributes));
  if (ok) return [];
  const missing = /not found/.test(message)
    ? `${attributes.size} paths have extended attributes, and this host has no setfattr to set them`
    : message;
  return missing.split('\n').slice(0, 5);
}
