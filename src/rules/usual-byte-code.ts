/**
 * The quick way through the rules for what nearly all byte code is: its only prefix begins the name of its source (RL507), and no build
 * left it. There are tens of thousands of such files in a tree, and little else with a path, so nothing is made for them but the reference.
 */
import { decodePiece } from '../formats/byte-text.ts';
import type { Place } from '../formats/needles.ts';
import { pycHeader, rewriteString } from '../formats/pyc.ts';
import { RULE_NAMES } from '../model/codes.ts';
import { resolveInTree, type TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import { isAmongBuilds } from './build-debris.ts';
import { isByteCodeName, sourceOf } from './byte-code.ts';
import { NO_SOURCE } from './pyc-filename.ts';
import type { RuleContext } from './rule.ts';

const SLASH = 0x2f;

/**
 * What the rules claim in such a file; null where they must be asked, as the file may be another.
 * @param place the only place where the search saw a prefix, written as it is
 * @param bytes the whole file, which has one name
 */
export function usualByteCode(path: TreePath, bytes: Buffer, place: Place, context: RuleContext): Reference | null {
  const { start, end, prefix } = place;
  if (!isByteCodeName(path) || bytes[end] !== SLASH) return null;
  const header = pycHeader(bytes);
  if (header === null) return null;
  const strings = context.marshalStrings(bytes, header.size, header.layout, [start]);
  const string = strings === null ? undefined : strings[0];
  if (string === undefined || string.role !== 'filename' || string.payload !== start || end >= string.end) return null;
  // a string begins the path and a slash goes on with it: whatever the search made of the bytes around, it is a path of the tree
  const found = decodePiece(bytes, start, string.end);
  const inTree = found.startsWith(prefix.path) ? resolveInTree(prefix.base, found.slice(prefix.path.length)) : null;
  if (inTree === null || inTree === '' || isAmongBuilds(path, context)) return null;
  const text = rewriteString(string, inTree, header.layout);
  return {
    code: 'RL507',
    rule: RULE_NAMES.RL507,
    file: path,
    site: { kind: 'pyc', start: string.start, end: string.end },
    path: found,
    prefix: prefix.path,
    scope: 'inside',
    applicability: 'safe',
    fix: 'relative',
    note: sourceOf(path, context) === null ? NO_SOURCE : '',
    relative: { kind: 'splices', splices: [{ start: string.start, end: string.end, text }] },
  };
}
