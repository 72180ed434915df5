/** RL504: import hooks of editable installs, which hold the source folders as string literals of Python. */
import { decodeBytes } from '../formats/byte-text.ts';
import { escapePath, unescapePath } from '../formats/escaping.ts';
import type { Hit } from '../formats/needles.ts';
import { literalAround, type Literal } from '../formats/python-literal.ts';
import { baseName, dirName, relativeTo, resolveInTree } from '../model/path.ts';
import { pathAt, pinned, relative, standsAlone } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';

/** setuptools; editables (hatchling, pdm); scikit-build-core; meson-python. */
const FINDERS = [/^__editable___.*_finder\.py$/, /^_editable_impl_.*\.py$/, /^_.*_editable(?:_loader)?\.py$/];

export const rule: FileRule = {
  code: 'RL504',
  subject: 'file',
  summary: 'The import hook of an editable install names source folders by absolute paths.',
  appliesTo: ({ path }) => FINDERS.some((pattern) => pattern.test(baseName(path))),

  *claim(view, hits) {
    if (!view.isText) return;
    for (const [index, hit] of hits.entries()) {
      if (hit.escaping !== 'plain' && hit.escaping !== 'python') continue;
      yield literalClaim(view, hit, (start, end) => standsAlone(hits, index, start, end));
    }
  },
};

/** A literal that is nothing but the path, where an expression may stand, becomes a path from the real place of the file. */
function literalClaim(view: FileView, hit: Hit, isAloneIn: (start: number, end: number) => boolean): Claim {
  const literal = literalAround(view.latin1(), hit.start);
  if (literal === null) return pinned(view, hit);
  const escaping = literal.isRaw ? 'literal' : 'python';
  const tail = view.region(hit.end, literal.content.end);
  const inTree = isReadable(tail) ? resolveInTree(hit.prefix.base, unescapePath(tail, escaping)) : null;
  if (
    !isAloneIn(literal.start, literal.end) ||
    hit.start !== literal.content.start ||
    inTree === null ||
    !literal.isOperand
  )
    return pinned(view, hit, { escaping });
  const path = escapePath(relativeTo(dirName(view.path), inTree), escaping);
  if (path === null) return pinned(view, hit, { escaping });
  const found = pathAt(view, hit, literal.content.end);
  return relative(view, hit, [{ ...rangeOf(literal), text: fromFile(decodeBytes(path)) }], { found, escaping });
}

function rangeOf({ start, end }: Literal): { start: number; end: number } {
  return { start, end };
}

/** No escape in it but those of quotes and backslashes. */
function isReadable(tail: Buffer): boolean {
  return !/\\[^\\'"]/.test(tail.toString('latin1').replaceAll('\\\\', ''));
}

/** An expression without imports of its own. `..` takes the file's own name first. */
function fromFile(path: string): string {
  return `__import__('os').path.abspath(__import__('os').path.realpath(__file__) + '/../${path}')`;
}
