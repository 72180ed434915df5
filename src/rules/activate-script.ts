/** RL105: the activate scripts of a virtual environment, which set VIRTUAL_ENV to the place where it was made. */
import type { Hit } from '../formats/needles.ts';
import { firstCommand } from '../formats/shell-text.ts';
import { baseName, dirName, joinTree, relativeTo, type TreePath } from '../model/path.ts';
import type { Escaping, Splice } from '../model/reference.ts';
import { activateDialect, type ActivateDialect, type PathOnLine } from './activate-dialects.ts';
import { pathAt, pinned, realFolderOf, relative } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { NOT_EXPANDED, locatingCode, rootedPath, shellHits, shellRoot, type ShellRoot } from './sourced-shell.ts';
import { withEscapings } from './true-escaping.ts';

export const rule: FileRule = {
  code: 'RL105',
  subject: 'file',
  summary: 'An activate script sets VIRTUAL_ENV to the place where the environment was made.',
  appliesTo: ({ path }) => /^(?:de)?activate(?:\.\w+)?$/i.test(baseName(path)),

  *claim(view, hits, context) {
    if (view.bytes === null || !view.isText || !view.latin1().includes('VIRTUAL_ENV')) return;
    const file = joinTree(realFolderOf(view.path, context), baseName(view.path));
    // above the tree nothing is known: an activate script stands in the `bin` of its environment
    const environment = dirName(file) === '' ? null : dirName(dirName(file));
    const isPosix = !baseName(file).includes('.');
    if (isPosix && environment !== null && !view.latin1().includes('\r'))
      yield* claimInPosix(view, hits, shellRoot(file, environment));
    else
      for (const { hit, escaping } of withEscapings(view, hits))
        yield claimInDialect(view, hit, escaping, { file, environment });
  },
};

/** sh, bash, zsh, ksh: one variable is worked out first, and stands for the environment from then on. */
function* claimInPosix(view: FileView, hits: readonly Hit[], root: ShellRoot): Iterable<Claim> {
  const text = view.latin1();
  const code = locatingCode(root, text);
  for (const shellHit of shellHits(text, hits)) {
    const { hit, escaping } = shellHit;
    const splice =
      shellHit.isOpen && !shellHit.isInFunction && hit.start >= code.end ? rootedPath(text, shellHit, root) : null;
    if (splice === null) yield pinned(view, hit, { escaping, note: NOT_EXPANDED });
    else yield relative(view, hit, [code, splice], { escaping });
  }
}

/** Where the script is: `environment` is null where it stands in no folder of one. */
interface Place {
  readonly file: TreePath;
  readonly environment: TreePath | null;
}

/** The other shells set it on one line, by a string of their own. */
function claimInDialect(view: FileView, hit: Hit, searched: Escaping, { file, environment }: Place): Claim {
  const text = view.latin1();
  const dialect = activateDialect(baseName(file));
  const lineStart = text.lastIndexOf('\n', hit.start) + 1;
  const lineEnd = text.indexOf('\n', hit.end);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd);
  const path = dialect?.read(line, hit.start - lineStart, text) ?? null;
  const escaping = dialect?.escaping?.(text[hit.start - 1] ?? '') ?? searched;
  if (dialect === null || path === null) return pinned(view, hit, { note: dialect?.note ?? '', escaping });
  const found = pathAt(view, hit, lineStart + path.end);
  const options = { found, escaping };
  if (environment === null || found.inTree !== environment)
    return pinned(view, hit, { ...options, note: dialect.note });
  return relative(view, hit, dialectSplices(text, lineStart, path, dialect, relativeTo(environment, file)), options);
}

function dialectSplices(
  text: string,
  lineStart: number,
  { edit }: PathOnLine,
  { before }: ActivateDialect,
  down: string,
): Splice[] {
  const splice = { start: lineStart + edit.start, end: lineStart + edit.end, text: edit.text };
  if (before === undefined) return [splice];
  const at = firstCommand(text);
  return [{ start: at, end: at, text: before(down) }, splice];
}
