/** RL602: `rbconfig.rb`, the record of how a Ruby was built, which expands `$(prefix)` and finds that prefix itself. */
import { decodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName, relativeTo, type TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import { pinned, realFolderOf, relative } from './claims.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { lineAt } from './text-lines.ts';

export const rule: FileRule = {
  code: 'RL602',
  summary: "Ruby's own configuration holds the place that Ruby was installed to.",
  subject: 'file',
  appliesTo: ({ path, size }) => baseName(path) === 'rbconfig.rb' && size < 1024 * 1024,

  *claim(view, hits, context) {
    const plain = hits.filter(
      ({ escaping }) => escaping === 'plain' || escaping === 'hex' || escaping === 'single-quoted',
    );
    const own = ownPrefix(view, plain);
    for (const hit of plain) {
      const claim = own === null ? null : valueClaim(view, hit, own, context);
      if (claim !== null) yield claim;
    }
  },
};

/** `CONFIG["prefix"] = (TOPDIR || DESTDIR + "/srv/ruby")`: where TOPDIR is worked out from the place of the file. */
const DEFINITION = /^[ \t]*CONFIG\["prefix"\] = \(TOPDIR \|\| DESTDIR \+ "/;

/** What the definition of the prefix stands for in the tree. */
function ownPrefix(view: FileView, hits: readonly Hit[]): TreePath | null {
  const text = view.latin1();
  const hit = hits.find(({ start, end }) => DEFINITION.test(lineAt(text, start).text) && text.charAt(end) === '"');
  return hit?.prefix.base ?? null;
}

/** Values are strings in either quotes. In all but the prefix's own, RbConfig expands variables written as make writes them. */
function valueClaim(view: FileView, hit: Hit, own: TreePath, context: RuleContext): Claim | null {
  const line = lineAt(view.latin1(), hit.start);
  if (DEFINITION.test(line.text)) return definitionClaim(view, hit, context);
  const value = /^[ \t]*(?:MAKEFILE_)?CONFIG\["\w+"\] = ["']/.exec(line.text);
  if (value === null || hit.start < line.start + value[0].length) return null;
  const escaping = value[0].endsWith("'") ? 'single-quoted' : 'hex';
  return hit.prefix.base === own
    ? relative(view, hit, [{ start: hit.start, end: hit.end, text: '$(prefix)' }], { escaping })
    : pinned(view, hit, { escaping, note: 'another place than the prefix of this Ruby' });
}

/** The string behind `DESTDIR +`, which counts only where TOPDIR is not known. */
function definitionClaim(view: FileView, hit: Hit, context: RuleContext): Claim {
  const up = escapePath(relativeTo(realFolderOf(view.path, context), hit.prefix.base), 'hex') ?? Buffer.alloc(0);
  const splice: Splice = {
    start: hit.start - 1,
    end: hit.end + 1,
    text: `File.expand_path("${decodeBytes(up)}", File.dirname(File.realpath(__FILE__)))`,
  };
  return relative(view, hit, [splice], { escaping: 'hex' });
}
