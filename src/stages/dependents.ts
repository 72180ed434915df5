/** Reads the files that store something of files that change: RECORD rows, byte code, checksum lists. */
import { RULE_NAMES } from '../model/codes.ts';
import type { TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import type { Dependent } from '../model/scan.ts';
import { byteCodeOf, storedDigests } from '../rules/dependents.ts';
import { WHOLE_FILE_LIMIT, type RuleContext } from '../rules/rule.ts';
import { unreadable } from './scan-summary.ts';

export interface Dependents {
  readonly dependents: readonly Dependent[];
  /** RL907 for each line of a checksum list, RL901 for a list that can't be read. */
  readonly references: readonly Reference[];
}

/** Whether an edit may change a file, under any of its names. */
export interface Changing {
  has(file: TreePath): boolean;
}

/**
 * Finds what depends on files that may change.
 * @param lists the files of the tree that store digests of others, by their names (`storesDigests`)
 * @param sources of the files that may change at least those that have byte code
 * @param changing files with a reference that an edit may change, under all their names
 * @param hasFolderLinks whether the tree has symlinks that lead to folders; without any, every folder is where its path says
 */
export function findDependents(
  lists: readonly TreePath[],
  sources: ReadonlySet<TreePath>,
  changing: Changing,
  context: RuleContext,
  hasFolderLinks: boolean,
): Dependents {
  const byteCode = [...sources]
    .flatMap((source) => byteCodeOf(source, context.namesIn))
    .filter(({ file }) => context.typeOf(file) === 'file');
  const compiled = new Set(byteCode.map(({ file }) => file));
  const changed = { has: (file: TreePath): boolean => compiled.has(file) || changing.has(file) };
  const places = { changed, realFolder: hasFolderLinks ? context.realPath : asIs };
  const references: Reference[] = [];
  const stored = lists.flatMap((list) => {
    const text = readList(list, context);
    if (text === null) references.push(unreadList(list));
    return text === null ? [] : storedDigests(list, text, places);
  });
  // a row without a digest says nothing of the file's bytes; it matters only when the file goes
  const kept = stored.filter(
    (row) => row.kind !== 'record-row' || row.digest[0] < row.digest[1] || compiled.has(row.of),
  );
  for (const row of kept) if (row.kind === 'stored-digest') references.push(storedDigest(row));
  return { dependents: [...byteCode, ...kept], references };
}

/** RL901 for each list that can't be read. */
export function unreadableLists(lists: readonly TreePath[], context: RuleContext): Reference[] {
  return lists.flatMap((list) => (context.peek(list, 1) === null ? [unreadList(list)] : []));
}

function unreadList(list: TreePath): Reference {
  return unreadable(list, 'it could not be read again');
}

function asIs(folder: TreePath): TreePath {
  return folder;
}

function readList(list: TreePath, context: RuleContext): string | null {
  return context.peek(list, WHOLE_FILE_LIMIT)?.toString('latin1') ?? null;
}

function storedDigest({ file, of, line }: Extract<Dependent, { kind: 'stored-digest' }>): Reference {
  return {
    code: 'RL907',
    rule: RULE_NAMES.RL907,
    file,
    site: { kind: 'entry' },
    path: of,
    prefix: null,
    scope: 'inside',
    applicability: 'manual',
    fix: 'none',
    note: `line ${line} lists the digest of a file that has paths of the tree in it; make the list anew after a fix`,
  };
}
