/** RL106: a Python script that puts absolute paths on sys.path, as those made by zc.buildout do, or by hand. */
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import type { Hit } from '../formats/needles.ts';
import { pythonStrings, type PythonString } from '../formats/python-text.ts';
import { baseName, dirName, isInside, joinTree, relativeTo, type TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import { pathAt, realFolderOf, relative, type FoundPath } from './claims.ts';
import type { FileRule, FileView } from './rule.ts';
import { isScript } from './shebang-claims.ts';
import { fromLatin1 } from './shebang-claims.ts';

export const rule: FileRule = {
  code: 'RL106',
  subject: 'file',
  summary: 'A Python script puts absolute paths of the tree on sys.path.',
  appliesTo: ({ head }) => head.includes('sys.path'),

  *claim(view, hits, context) {
    if (view.bytes === null || !view.isText) return;
    const text = view.latin1();
    const code = buildoutCode(text) ?? handWrittenCode(view, text);
    if (code === null) return;
    const file = joinTree(realFolderOf(view.path, context), baseName(view.path));
    const owned = hits.filter(({ start, escaping }) => code.owns(start) && /^(?:plain|python)$/.test(escaping));
    const literals = pathLiterals(view, owned);
    const root = rootOf(
      file,
      literals.flatMap(({ paths }) => paths),
    );
    const names = freeNames(text);
    const setup = setupCode(code.setupAt, file, root, names);
    for (const literal of literals) {
      const splice = expressionFor(literal, text, root, names);
      for (const { hit, found } of literal.paths) yield relative(view, hit, [setup, splice], { found });
    }
  },
};

/** The part of a script whose literals become expressions, and where the lines go that the expressions need. */
interface PathCode {
  readonly setupAt: number;
  readonly owns: (offset: number) => boolean;
}

/** In a script of buildout all that follows its statement: the eggs, and the arguments of the entry point. */
function buildoutCode(text: string): PathCode | null {
  const statement = /^sys\.path\[0:0\] = \[/m.exec(text);
  return statement === null ? null : { setupAt: statement.index, owns: (offset) => offset > statement.index };
}

/**
 * In any other script only the literal in `sys.path.insert(0, '…')` and `sys.path.append('…')`, in statements that are not indented:
 * a script, unlike a module that something else may run, always knows `__file__`.
 */
function handWrittenCode(view: FileView, text: string): PathCode | null {
  if (!isScript(view)) return null;
  const strings = pythonStrings(text);
  const calls = [...text.matchAll(PATH_CALL)].flatMap((call) => {
    const literal = strings.find(({ start }) => start === call.index + call[0].length);
    const isInString = strings.some(({ start, end }) => start < call.index && call.index < end);
    return literal === undefined || isInString || isContinued(text, call.index) ? [] : [{ line: call.index, literal }];
  });
  const [first] = calls;
  if (first === undefined) return null;
  const owns = (offset: number): boolean => calls.some(({ literal: { start, end } }) => offset > start && offset < end);
  return { setupAt: first.line, owns };
}

/** From the start of a line that is not indented to where the literal begins. */
const PATH_CALL = /^(?![ \t#'"])[^\n]*?(?<![\w.])sys\.path\.(?:insert\(\s*-?\d+\s*,|append\()\s*(?=[ru]?['"])/gim;

/** Whether the line that starts at an offset goes on from the one before. */
function isContinued(text: string, lineStart: number): boolean {
  return /[\\([{,]\s*$/.test(text.slice(Math.max(0, lineStart - 80), lineStart));
}

/** A path of the tree in a string literal. */
interface LiteralPath {
  readonly hit: Hit;
  readonly found: FoundPath;
  readonly inTree: TreePath;
}

interface PathLiteral {
  readonly string: PythonString;
  readonly paths: readonly LiteralPath[];
}

/** Literals that an expression can take the place of: not next to another one (they would be one string), no bytes, no docstring. */
function pathLiterals(view: FileView, hits: readonly Hit[]): PathLiteral[] {
  const text = view.latin1();
  const strings = pythonStrings(text);
  return strings.flatMap((string, index) => {
    const inside = hits.filter(({ start, end }) => start >= string.contentStart && end <= string.contentEnd);
    if (inside.length === 0 || string.quote.length !== 1 || !/^[ru]?$/.test(string.prefix)) return [];
    if (isNext(text, strings[index - 1], string) || isNext(text, string, strings[index + 1])) return [];
    const paths = inside.flatMap((hit) => {
      const found = pathAt(view, hit);
      const { inTree } = found;
      return inTree === null || (string.prefix === 'r' && /[\\'"]/.test(inTree)) ? [] : [{ hit, found, inTree }];
    });
    return paths.length === inside.length ? [{ string, paths }] : [];
  });
}

function isNext(text: string, left: PythonString | undefined, right: PythonString | undefined): boolean {
  return left !== undefined && right !== undefined && /^[\s\\]*$/.test(text.slice(left.end, right.start));
}

/** The deepest folder that holds the script and all that it names. */
function rootOf(file: TreePath, paths: readonly LiteralPath[]): TreePath {
  let root = dirName(file);
  while (root !== '' && paths.some(({ inTree }) => !isInside(inTree, root))) root = dirName(root);
  return root;
}

interface Names {
  readonly join: string;
  readonly base: string;
}

/** The names that buildout itself uses with `relative-paths = true`, unless the script has them for something else. */
function freeNames(text: string): Names {
  return /(?<![\w.'"])(?:join|base)(?![\w'"])/.test(text)
    ? { join: 'relocate_join', base: 'relocate_base' }
    : { join: 'join', base: 'base' };
}

function setupCode(at: number, file: TreePath, root: TreePath, { join, base }: Names): Splice {
  const levels = relativeTo(dirName(file), root)
    .split('/')
    .filter((name) => name === '..').length;
  const lines = [
    `import os`,
    `${join} = os.path.join`,
    `${base} = os.path.dirname(os.path.abspath(os.path.realpath(__file__)))`,
  ];
  for (let level = 0; level < levels; level++) lines.push(`${base} = os.path.dirname(${base})`);
  return { start: at, end: at, text: `${lines.join('\n')}\n` };
}

/**
 * `'/srv/site/eggs/a'` becomes `join(base, 'eggs/a')`, the root itself `base`; a literal with more in it becomes a sum of such pieces.
 */
function expressionFor({ string, paths }: PathLiteral, text: string, root: TreePath, names: Names): Splice {
  const literal = (content: string): string => `${string.prefix}${string.quote}${content}${string.quote}`;
  const terms: string[] = [];
  const before = fromLatin1(text.slice(string.contentStart, paths[0]?.hit.start));
  if (before !== '') terms.push(literal(before));
  for (const [index, { found, inTree }] of paths.entries()) {
    const rest = fromLatin1(text.slice(found.end, paths[index + 1]?.hit.start ?? string.contentEnd));
    const slash = found.path.endsWith('/') ? '/' : '';
    if (inTree !== root)
      terms.push(`${names.join}(${names.base}, ${literal(spelled(relativeTo(root, inTree)) + slash + rest)})`);
    else terms.push(names.base, ...(slash + rest === '' ? [] : [literal(slash + rest)]));
  }
  return { start: string.start, end: string.end, text: terms.length === 1 ? terms.join('') : `(${terms.join(' + ')})` };
}

function spelled(path: string): string {
  return decodeBytes(escapePath(path, 'python') ?? encodeBytes(path));
}
