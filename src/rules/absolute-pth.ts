/** RL502: absolute paths in the .pth files of site-packages. */
import type { Hit } from '../formats/needles.ts';
import { dirName, relativeTo, type TreePath } from '../model/path.ts';
import { pathAt, pinned, relative, standsAlone } from './claims.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { lineAt, type Line } from './text-lines.ts';
import { aliasBetween } from './tree-links.ts';

const BOM = '\xef\xbb\xbf';

export const rule: FileRule = {
  code: 'RL502',
  subject: 'file',
  summary: 'A .pth file adds an absolute path to sys.path.',
  appliesTo: ({ path }) => path.endsWith('.pth'),

  *claim(view, hits, context) {
    if (!view.isText) return;
    for (const [index, hit] of hits.entries()) {
      const line = lineAt(view.latin1(), hit.start);
      if (line.text.startsWith('#')) continue;
      if (startsLine(hit, line) && standsAlone(hits, index, line.start, line.end))
        yield pathClaim(view, hit, line, context);
      else if (/^import[ \t]/.test(line.text)) yield pinned(view, hit, codeEscaping(hit, line));
      else yield pinned(view, hit);
    }
  },
};

function startsLine(hit: Hit, line: Line): boolean {
  return hit.start === line.start || (line.start === 0 && line.text.startsWith(BOM) && hit.start === BOM.length);
}

/** site.py executes the line: the path is in a string literal. */
function codeEscaping(hit: Hit, line: Line): { escaping?: 'python' } {
  const before = line.text[hit.start - line.start - 1] ?? '';
  return /['"]/.test(before) && hit.escaping === 'plain' ? { escaping: 'python' } : {};
}

/** site.py strips the end of the line and joins it to the folder of the .pth file, then counts `..` by the text. */
function pathClaim(view: FileView, hit: Hit, line: Line, context: RuleContext): Claim {
  const found = pathAt(view, hit, line.start + line.text.replace(/[ \t\r\f\v]+$/, '').length);
  if (found.inTree === null) return pinned(view, hit, { found });
  const folder = dirName(view.path);
  const alias = aliasBetween(folder, commonFolder(folder, found.inTree), context);
  if (alias !== null)
    return pinned(view, hit, {
      found,
      note: `the folder is reached through ${alias} too, from where the relative path is another`,
    });
  const path = relativeTo(folder, found.inTree);
  const text = /^(?:#|import[ \t])/.test(path) ? `./${path}` : path;
  return relative(view, hit, [{ start: hit.start, end: found.end, text }], { found });
}

function commonFolder(folder: TreePath, target: TreePath): TreePath {
  let top = folder;
  const climbs = relativeTo(folder, target)
    .split('/')
    .filter((name) => name === '..').length;
  for (let i = 0; i < climbs; i++) top = dirName(top);
  return top;
}
