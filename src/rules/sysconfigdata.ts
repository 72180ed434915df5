/** RL509: the variables that CPython's own build recorded: `_sysconfigdata*.py` and the Makefile it was built with. */
import type { Hit } from '../formats/needles.ts';
import { literalAround } from '../formats/python-literal.ts';
import { baseName, dirName } from '../model/path.ts';
import type { Escaping } from '../model/reference.ts';
import { pinned } from './claims.ts';
import type { FileRule, FileView } from './rule.ts';

const isVariables = (path: string): boolean => /^_sysconfigdata.*\.py$/.test(baseName(path));

export const rule: FileRule = {
  code: 'RL509',
  subject: 'file',
  summary: "Python's build variables hold the place that Python was installed to.",
  appliesTo: ({ path }) =>
    isVariables(path) || (baseName(path) === 'Makefile' && /^config(?:-|$)/.test(baseName(dirName(path)))),

  *claim(view, hits) {
    if (!view.isText) return;
    for (const hit of hits) {
      const escaping = isVariables(view.path)
        ? inLiteral(view, hit)
        : hit.escaping === 'plain'
          ? 'dollar-doubled'
          : null;
      if (escaping !== null)
        yield pinned(view, hit, { escaping, note: 'used when extensions are built, not when Python runs' });
    }
  },
};

/** Values are string literals, each with any number of paths among flags (`-L/P/lib -Wl,-rpath,/P/lib`). */
function inLiteral(view: FileView, hit: Hit): Escaping | null {
  if (hit.escaping !== 'plain' && hit.escaping !== 'python') return null;
  return literalAround(view.latin1(), hit.start) === null ? null : 'python';
}
