/** RL106: a script made by zc.buildout, which puts the absolute paths of its eggs in front of sys.path. */
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import type { Hit } from '../formats/needles.ts';
import { pythonStrings, type PythonString } from '../formats/python-text.ts';
import { baseName, dirName, isInside, joinTree, relativeTo, type TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import { pathAt, realFolderOf, relative } from './claims.ts';
import type { FileRule, FileView } from './rule.ts';

export const rule: FileRule = {
  code: 'RL106',
  subject: 'file',
  summary: 'A buildout script puts absolute paths of eggs in front of sys.path.',
  appliesTo: ({ head }) => head.includes('sys.path[0:0]'),

  *claim(view, hits, context) {
    if (view.bytes === null || !view.isText) return;
    const text = view.latin1();
    const statement = /^sys\.path\[0:0\] = \[/m.exec(text);
    if (statement === null) return;
    const file = joinTree(realFolderOf(view.path, context), baseName(view.path));
    const literals = pathLiterals(
      view,
      hits.filter(({ start }) => start > statement.index),
    );
    const root = rootOf(file, literals);
    const names = freeNames(text);
    const setup = setupCode(statement.index, file, root, names);
    for (const literal of literals)
      yield relative(view, literal.hit, [setup, ...joined(literal, root, names)], { found: literal.found });
  },
};

/** A string literal that begins with a path of the tree. */
interface PathLiteral {
  readonly hit: Hit;
  readonly found: ReturnType<typeof pathAt>;
  readonly string: PythonString;
  readonly inTree: TreePath;
  /** The path relative to a folder, as the literal spells it. */
  readonly written: (root: TreePath) => string;
}

/** Literals that an expression can take the place of: not next to another one (they would be one string), no bytes, no docstring. */
function pathLiterals(view: FileView, hits: readonly Hit[]): PathLiteral[] {
  const text = view.latin1();
  const strings = pythonStrings(text);
  return hits.flatMap((hit) => {
    const index = strings.findIndex(({ contentStart }) => contentStart === hit.start);
    const string = strings[index];
    if (
      string === undefined ||
      hit.end > string.contentEnd ||
      string.quote.length !== 1 ||
      !/^[ru]?$/.test(string.prefix)
    )
      return [];
    if (isNext(text, strings[index - 1], string) || isNext(text, string, strings[index + 1])) return [];
    const found = pathAt(view, hit);
    const { inTree } = found;
    if (inTree === null || (string.prefix === 'r' && /[\\'"]/.test(inTree))) return [];
    const written = (root: TreePath): string =>
      spelled(relativeTo(root, inTree)) + (found.path.endsWith('/') ? '/' : '');
    return [{ hit, found, string, inTree, written }];
  });
}

function spelled(path: string): string {
  return decodeBytes(escapePath(path, 'python') ?? encodeBytes(path));
}

function isNext(text: string, left: PythonString | undefined, right: PythonString | undefined): boolean {
  return left !== undefined && right !== undefined && /^[\s\\]*$/.test(text.slice(left.end, right.start));
}

/** The deepest folder that holds the script and all that it names. */
function rootOf(file: TreePath, literals: readonly PathLiteral[]): TreePath {
  let root = dirName(file);
  while (root !== '' && literals.some(({ inTree }) => !isInside(inTree, root))) root = dirName(root);
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

/** `'/srv/site/eggs/a'` becomes `join(base, 'eggs/a')`; the root itself is `base`, with what follows it in the literal added. */
function joined({ found, string, written }: PathLiteral, root: TreePath, { join, base }: Names): Splice[] {
  const open = `${string.prefix}${string.quote}`;
  const isRoot = found.inTree === root;
  if (isRoot && found.end === string.contentEnd) return [{ start: string.start, end: string.end, text: base }];
  const start = isRoot ? `(${base} + ${open}` : `${join}(${base}, ${open}${written(root)}`;
  return [
    { start: string.start, end: found.end, text: start },
    { start: string.end, end: string.end, text: ')' },
  ];
}
