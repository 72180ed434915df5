/** RL205: `curl-config`, `xml2-config` and their like: shell scripts that print the place their package was installed to. */
import { decodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import { baseName, relativeTo, type TreePath } from '../model/path.ts';
import type { Escaping, Splice } from '../model/reference.ts';
import { realFolderOf, relative } from './claims.ts';
import type { FileRule, RuleContext } from './rule.ts';
import { withEscapings } from './true-escaping.ts';

const SHELL = /^#![ \t]*(?:\/usr)?\/bin\/(?:env[ \t]+)?(?:sh|bash|dash|ksh|zsh)\b/;

export const rule: FileRule = {
  code: 'RL205',
  summary: "The tree's path in a *-config script, which can find its own place.",
  subject: 'file',
  appliesTo: ({ path, head, size }) =>
    /-config(?:-?[\d.]+)?$/.test(baseName(path)) && size < 1024 * 1024 && SHELL.test(head.toString('latin1', 0, 64)),
  *claim(view, hits, context) {
    const places = withEscapings(view, hits, 'shell').flatMap(({ hit, escaping }) => {
      const expand = EXPANSIONS[escaping];
      return expand === undefined ? [] : [{ hit, expand }];
    });
    const bases = [...new Set(places.map(({ hit }) => hit.prefix.base))];
    const definition = definitions(view.path, view.latin1(), bases, context);
    for (const { hit, expand } of places) {
      const text = expand(`\${${variableOf(hit.prefix.base, bases)}}`);
      yield relative(view, hit, [definition, { start: hit.start, end: hit.end, text }]);
    }
  },
};

/** How an expansion is put where the path stands. Comments and here-documents that expand nothing are no places for one. */
const EXPANSIONS: Readonly<Partial<Record<Escaping, (expression: string) => string>>> = {
  'shell-bare': (expression) => `"${expression}"`,
  'shell-double': (expression) => expression,
  literal: (expression) => expression,
  'shell-single': (expression) => `'"${expression}"'`,
  python: (expression) => `'"${expression}"$'`,
};

function variableOf(base: TreePath, bases: readonly TreePath[]): string {
  const index = bases.indexOf(base);
  return index <= 0 ? 'relocate_prefix' : `relocate_prefix_${index + 1}`;
}

/** The lines that work out the prefix from the script's real place, put behind the first line. One insertion for all references. */
function definitions(file: TreePath, text: string, bases: readonly TreePath[], context: RuleContext): Splice {
  const at = text.indexOf('\n') + 1;
  const lines = bases.map((base) => {
    const up = decodeBytes(
      escapePath(relativeTo(realFolderOf(file, context), base), 'shell-double') ?? Buffer.alloc(0),
    );
    return `${variableOf(base, bases)}=$(CDPATH= cd -- "$(dirname -- "$(realpath "$0")")/${up}" && pwd -P)\n`;
  });
  return { start: at, end: at, text: lines.join('') };
}
