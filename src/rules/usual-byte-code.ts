/**
 * The quick way through the rules for what nearly all byte code is: its only prefix begins the name of its source (RL507), and no build
 * left it. There are tens of thousands of such files in a tree, and little else with a path, so nothing is made for them but what is told.
 */
import { decodePiece } from '../formats/byte-text.ts';
import type { CodeLayout } from '../formats/marshal-layouts.ts';
import type { MarshalString } from '../formats/marshal-strings.ts';
import type { Place } from '../formats/needles.ts';
import { pycHeader, rewriteString } from '../formats/pyc.ts';
import { RULE_NAMES } from '../model/codes.ts';
import { resolveInTree, type TreePath } from '../model/path.ts';
import type { PlainReference, Reference } from '../model/reference.ts';
import { isAmongBuilds } from './build-debris.ts';
import { isByteCodeName, sourceOf } from './byte-code.ts';
import { NO_SOURCE } from './pyc-filename.ts';
import type { RuleContext } from './rule.ts';

const SLASH = 0x2f;

export interface UsualByteCode {
  /** All that a report tells of the file. */
  readonly told: PlainReference;
  /** The name of its source, and what it becomes. */
  readonly string: MarshalString;
  readonly inTree: TreePath;
  readonly layout: CodeLayout;
}

/**
 * What the rules claim in such a file; null where they must be asked, as the file may be another.
 * @param place the only place where the search saw a prefix, written as it is
 * @param bytes the whole file, which has one name
 */
export function usualByteCode(path: TreePath, bytes: Buffer, place: Place, context: RuleContext): UsualByteCode | null {
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
  const told: PlainReference = {
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
  };
  return { told, string, inTree, layout: header.layout };
}

/** The same with the way of writing it anew. */
export function usualReference({ told, string, inTree, layout }: UsualByteCode): Reference {
  const { start, end } = string;
  const splice = { start, end, text: rewriteString(string, inTree, layout) };
  return { ...told, relative: { kind: 'splices', splices: [splice] } };
}
