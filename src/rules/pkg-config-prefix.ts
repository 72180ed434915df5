/** RL202: paths in .pc files, which can say where they lie themselves: `${pcfiledir}`. */
import type { Hit } from '../formats/needles.ts';
import { escapingsAt } from '../formats/quoting.ts';
import { dirName, joinTree, relativeTo, type TreePath } from '../model/path.ts';
import type { Escaping } from '../model/reference.ts';
import { pinned, relative } from './claims.ts';
import type { FileRule, RuleContext } from './rule.ts';
import { lineAt, type Line } from './text-lines.ts';

export const rule: FileRule = {
  code: 'RL202',
  summary: "The tree's path in a .pc file of pkg-config, which can name its own folder.",
  subject: 'file',
  appliesTo: ({ path, size }) => path.endsWith('.pc') && size < 1024 * 1024,
  *claim(view, hits, context) {
    const text = view.latin1();
    for (const hit of hits) {
      const line = lineAt(text, hit.start);
      const expand = expansionIn(line, hit);
      if (expand === null) continue;
      const link = linkElsewhere(view.path, hit.prefix.base, context);
      if (link === null) {
        const place = isBehindPrefix(text, hit, line) ? '${prefix}' : folderExpression(view.path, hit.prefix.base);
        yield relative(view, hit, [{ start: hit.start, end: hit.end, text: expand(place) }]);
      } else
        yield pinned(view, hit, {
          note: `pkg-config also finds it as ${link}, and from there it would name another folder`,
        });
    }
  },
};

/** `${pcfiledir}` is the folder as pkg-config opened the file: its links are left to the kernel, which climbs from the real folder. */
function folderExpression(file: TreePath, base: TreePath): string {
  const up = relativeTo(dirName(file), base);
  return up === '.' ? '${pcfiledir}' : `\${pcfiledir}/${up}`;
}

/**
 * How an expansion is put where the hit stands; null where none is carried out (a comment, no definition at all). pkgconf escapes what
 * `${pcfiledir}` gives for use outside quotes, so quotes are closed before and opened again behind.
 */
function expansionIn({ start, text }: Line, hit: Hit): ((expression: string) => string) | null {
  const definition = /^[ \t]*[A-Za-z_][\w.-]*[ \t]*[=:]/.exec(text)?.[0];
  if (definition === undefined || hit.start < start + definition.length) return null;
  const value = text.slice(definition.length);
  const [quoting] = escapingsAt(value, [hit.start - start - definition.length], 'shell');
  return EXPANSIONS[quoting ?? 'plain'] ?? null;
}

const EXPANSIONS: Readonly<Partial<Record<Escaping, (expression: string) => string>>> = {
  'shell-bare': (expression) => expression,
  'shell-double': (expression) => `"${expression}"`,
  'shell-single': (expression) => `'${expression}'`,
};

/** Whether `prefix` was defined above as just this path: then it stays the one definition (and `--define-variable` of it works). */
function isBehindPrefix(text: string, hit: Hit, line: Line): boolean {
  const definition = /^prefix[ \t]*=[ \t]*(.*?)[ \t\r]*$/m.exec(text.slice(0, line.start));
  return definition?.[1] === text.slice(hit.start, hit.end);
}

/** Folders in which pkg-config looks. */
const FOLDERS = ['lib/pkgconfig', 'lib64/pkgconfig', 'lib32/pkgconfig', 'share/pkgconfig', 'libdata/pkgconfig'];

/** A symlink under which pkg-config opens the file too, in a folder from which the way up is another. */
function linkElsewhere(file: TreePath, base: TreePath, context: RuleContext): TreePath | null {
  const up = relativeTo(dirName(file), base);
  const multiarch = context.namesIn(joinTree(base, 'lib')).map((name) => `lib/${name}/pkgconfig`);
  for (const folder of [...FOLDERS, ...multiarch].map((name) => joinTree(base, name))) {
    const real = context.realPath(folder);
    if (real === null || relativeTo(real, base) === up) continue;
    const name = context.namesIn(folder).find((entry) => isLinkTo(joinTree(folder, entry), file, context));
    if (name !== undefined) return joinTree(folder, name);
  }
  return null;
}

function isLinkTo(link: TreePath, file: TreePath, context: RuleContext): boolean {
  return link.endsWith('.pc') && context.linkTarget(link) !== null && context.realPath(link) === file;
}
