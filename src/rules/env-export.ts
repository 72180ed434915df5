/** RL109: paths of the tree in shell code: profile snippets that are sourced and set variables, and scripts of sh. */
import { asTreePath, baseName, dirName, isInside, joinTree, type TreePath } from '../model/path.ts';
import { pathAt, pinned, realFolderOf, relative } from './claims.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { isScript } from './shebang-claims.ts';
import { NOT_EXPANDED, locatingCode, rootedPath, shellHits, shellRoot, type ShellHit } from './sourced-shell.ts';

/** Larger files are not snippets. */
const LARGEST = 1024 * 1024;

export const rule: FileRule = {
  code: 'RL109',
  subject: 'file',
  summary: 'Shell code names paths of the tree: scripts, and snippets that set variables.',
  appliesTo: (view) => view.size <= LARGEST && kindOf(view) !== null,

  *claim(view, hits, context) {
    if (view.bytes === null || !view.isText) return;
    const text = view.latin1();
    const kind = kindOf(view);
    if (kind === null || text.includes('\r') || (kind === 'maybe' && !isEnvironment(text))) return;
    const found = shellHits(text, hits).filter(({ place }) => place.quoting !== 'other');
    if (!found.some(({ place }) => place.isAssigned) && !(found.length > 0 && kind === 'script' && !isPolyglot(text)))
      return;
    if (isShellCode(text, kind)) yield* selfLocating(view, found, kind, context);
    else for (const place of found) yield asData(view, place);
  },
};

/** Whether another language reads the script too, once the shell has started it: `exec python "$0"` behind quotes that hide it. */
function isPolyglot(text: string): boolean {
  return /^#![^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*(?:'''|"""|['":])/.test(text) || /\bexec\b[^\n]*\$\{?0\b/.test(text);
}

/** All that the shell expands finds the tree by one variable. In a snippet, functions run later, when others may have set it. */
function* selfLocating(view: FileView, found: readonly ShellHit[], kind: Kind, context: RuleContext): Iterable<Claim> {
  const text = view.latin1();
  const file = joinTree(realFolderOf(view.path, context), baseName(view.path));
  const targets = found.map(({ hit }) => pathAt(view, hit).inTree ?? hit.prefix.base);
  const root = shellRoot(file, sharedFolder([dirName(file), ...targets]));
  const code = locatingCode(root, text);
  for (const place of found) {
    const { hit, escaping } = place;
    const isExpanded = place.isOpen && hit.start >= code.end && (kind === 'script' || !place.isInFunction);
    const splice = isExpanded ? rootedPath(text, place, root) : null;
    if (splice === null) yield pinned(view, hit, { escaping, note: NOT_EXPANDED });
    else yield relative(view, hit, [code, splice], { escaping });
  }
}

/** What reads it as data takes an unquoted value as it stands. */
function asData(view: FileView, { hit, place, escaping }: ShellHit): Claim {
  const note = 'only assignments: systemd or docker may read it too, which know no shell';
  return pinned(view, hit, { note, escaping: place.quoting === 'bare' ? hit.escaping : escaping });
}

/** `script`: run by a shell; `snippet`: sourced, by its name; `maybe`: a name that data has too. */
type Kind = 'script' | 'snippet' | 'maybe';

function kindOf({ path, head }: Pick<FileView, 'path' | 'head'>): Kind | null {
  const name = baseName(path);
  if (NOT_OURS.test(name)) return null;
  if (isScript({ head })) return SHELL_LINE.test(head.toString('latin1', 0, 256)) ? 'script' : null;
  if (SNIPPET.test(name)) return 'snippet';
  return MAYBE.test(name) || (!name.includes('.') && /^(?:etc|s?bin|profile\.d)$/.test(baseName(dirName(path))))
    ? 'maybe'
    : null;
}

const SHELL_LINE =
  /^#![ \t]*\/(?:\S*\/)?(?:env[ \t]+(?:-S[ \t]+)?(?:\S*\/)?)?(?:busybox[ \t]+)?(?:ba|da|z|k|mk|ya|a)?sh(?:[ \t][^\n]*)?\n/;
const SNIPPET =
  /^(?:.*\.(?:sh|bash|zsh|ksh)|\.?(?:profile|bashrc|bash_profile|bash_login|zshrc|zprofile|zshenv|kshrc)|\.envrc|envvars)$/;
const MAYBE = /^(?:.*\.env|\.env(?:\..+)?|env|environment)$/;
/** Config scripts have a rule of their own (RL205); the others are tools of a build, and made anew by it. */
const NOT_OURS = /-config(?:-?[\d.]+)?$|^(?:configure|config\.status|libtool|ltmain\.sh)$/;

/** Whether a file of any name sets variables for others, at the start of its lines. */
function isEnvironment(text: string): boolean {
  return /^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*=/m.test(text) && !/^[ \t]*[[{<]/.test(text);
}

/**
 * Whether only a shell can read it. A file of plain `NAME=value` lines is read by systemd, docker and others as data; with `export` in
 * it, some of them read it still, so under a name of data it takes a command.
 */
function isShellCode(text: string, kind: Kind): boolean {
  if (kind === 'script') return true;
  const lines = text.split('\n').filter((line) => !/^[ \t]*(?:#.*)?$/.test(line));
  const isData = kind === 'maybe' ? /^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*=/ : /^[ \t]*[A-Za-z_]\w*=[^$`;]*$/;
  if (!lines.some((line) => !isData.test(line))) return false;
  return (
    kind === 'snippet' ||
    (/^[ \t]*export[ \t]+\w+/m.test(text) && /^[ \t]*(?:fi|done|esac|unset|\.|source)(?:[ \t;]|$)/m.test(text))
  );
}

/** The deepest folder around all of these. */
function sharedFolder(folders: readonly TreePath[]): TreePath {
  let shared = folders[0] ?? asTreePath('');
  while (shared !== '' && folders.some((folder) => !isInside(folder, shared))) shared = dirName(shared);
  return shared;
}
