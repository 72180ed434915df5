/** RL210: configuration of tool kits by its well-known names: Qt, fontconfig, GTK, Java, npm, pip. Relative where the format says how. */
import type { Hit } from '../formats/needles.ts';
import { baseName, dirName, relativeTo } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import { pinned, relative } from './claims.ts';
import type { FileRule, FileView } from './rule.ts';
import { lineAt } from './text-lines.ts';
import { withEscapings } from './true-escaping.ts';

type Toolchain = 'qt' | 'fontconfig' | 'gtk' | 'java' | 'npm' | 'pip';

export const rule: FileRule = {
  code: 'RL210',
  summary: "The tree's path in the configuration of Qt, fontconfig, GTK, Java, npm or pip.",
  subject: 'file',
  appliesTo: ({ path, head, size }) => size < 1024 * 1024 && toolchainOf(path, head) !== null,
  *claim(view, hits) {
    const toolchain = toolchainOf(view.path, view.head);
    if (toolchain === null || !view.isText) return;
    for (const { hit, escaping } of withEscapings(view, hits, LANGUAGES[toolchain])) {
      if (hit.escaping !== 'plain' || escaping === 'percent') continue;
      const splices = RELATIVE[toolchain]?.(view, hit) ?? null;
      yield splices === null
        ? pinned(view, hit, { escaping, note: NOTES[toolchain] })
        : relative(view, hit, splices, { escaping });
    }
  },
};

const NAMES: readonly (readonly [Toolchain, RegExp])[] = [
  ['qt', /(^|\/)qt6?\.conf$/],
  ['fontconfig', /(^|\/)(fonts\.conf|fontconfig\/.*\.conf|fonts\/conf\.(d|avail)\/[^/]+\.conf)$/],
  ['gtk', /(^|\/)(loaders|immodules|gtk\.immodules)\.cache$|(^|\/)(gdk-pixbuf\.loaders|gtk\.immodules)$/],
  ['java', /(^|\/)(java|java\.security|net|logging|management|sound|psfontj2d)\.(security|policy|properties)$/],
  ['npm', /(^|\/)\.?npmrc$/],
  ['pip', /(^|\/)(pip\.(conf|ini)|\.pip\/[^/]+)$/],
];

const LANGUAGES = {
  qt: 'plain',
  fontconfig: 'xml',
  gtk: 'c-like',
  java: 'properties',
  npm: 'plain',
  pip: 'plain',
} as const;

const NOTES: Readonly<Record<Toolchain, string>> = {
  qt: 'qt.conf is relative only through its Prefix, in the folder of the programs',
  fontconfig: 'only <dir> can be relative to the file (prefix="relative")',
  gtk: 'a cache that the tool writes anew with absolute paths (gdk-pixbuf-query-loaders, gtk-query-immodules)',
  java: 'Java knows no path relative to this file',
  npm: 'npm expands only variables of the environment here',
  pip: 'pip knows no path relative to this file',
};

function toolchainOf(path: string, head: Buffer): Toolchain | null {
  const found = NAMES.find(([, names]) => names.test(path))?.[0] ?? null;
  if (found === 'fontconfig') return head.includes('<fontconfig') ? found : null;
  if (found === 'qt') return /^\[Paths\]/m.test(head.toString('latin1')) ? found : null;
  return found;
}

const RELATIVE: Readonly<Partial<Record<Toolchain, (view: FileView, hit: Hit) => readonly Splice[] | null>>> = {
  qt: qtSplices,
  fontconfig: fontSplices,
};

/**
 * A relative Prefix counts from the folder of the program, which is where Qt looks for qt.conf; other entries count from the Prefix
 * (Qt documentation, Using qt.conf). So all is relative to this folder when the Prefix is the prefix of the hit.
 */
function qtSplices(view: FileView, hit: Hit): readonly Splice[] | null {
  const text = view.latin1();
  const line = lineAt(text, hit.start);
  const key = /^[ \t]*([A-Za-z]\w*)[ \t]*=[ \t]*"?$/.exec(text.slice(line.start, hit.start))?.[1];
  if (key === undefined || !hasPrograms(view)) return null;
  if (key === 'Prefix')
    return [{ start: hit.start, end: hit.end, text: relativeTo(dirName(view.path), hit.prefix.base) }];
  const prefix = /^[ \t]*Prefix[ \t]*=[ \t]*"?(.*?)"?[ \t\r]*$/m.exec(text)?.[1];
  if (prefix !== text.slice(hit.start, hit.end)) return null;
  // `/P/lib` becomes `lib`, `/P` itself `.`
  const hasTail = text.charAt(hit.end) === '/' && /\S/.test(text.slice(hit.end + 1, line.end));
  return [{ start: hit.start, end: hasTail ? hit.end + 1 : hit.end, text: hasTail ? '' : '.' }];
}

/** Qt reads the qt.conf beside the program: in `bin`, or `libexec` (QtWebEngine). Elsewhere it is for no program of this tree. */
function hasPrograms(view: FileView): boolean {
  return /^(s?bin|libexec)$/.test(baseName(dirName(view.path)));
}

/** `<dir prefix="relative">` counts from the real folder of the file (fontconfig 2.13.92 and later). */
function fontSplices(view: FileView, hit: Hit): readonly Splice[] | null {
  const before = view.region(hit.start - 256, hit.start).toString('latin1');
  const tag = /<dir((?:[ \t\r\n][^<>]*)?)>\s*$/.exec(before);
  if (tag === null || /\bprefix\b/.test(tag[1] ?? '')) return null;
  const name = hit.start - tag[0].length + '<dir'.length;
  return [
    { start: name, end: name, text: ' prefix="relative"' },
    { start: hit.start, end: hit.end, text: relativeTo(dirName(view.path), hit.prefix.base) },
  ];
}
