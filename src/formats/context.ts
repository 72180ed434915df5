/** How a path is really written at a hit: by the language of the file, the quotes around it, and what stands before it. */
import type { Escaping } from '../model/reference.ts';
import { baseName } from '../model/path.ts';
import { escapePath, unescapePath } from './escaping.ts';
import type { LanguageName, PythonSource } from './languages.ts';

/** The language of a text file, by its name and first bytes; `plain` where it is none that is known. */
export function languageOf(path: string, head: Buffer): LanguageName {
  const name = baseName(path);
  const named = NAMES.find(([pattern]) => pattern.test(name));
  if (named !== undefined) return named[1];
  const start = head.toString('latin1', 0, 512);
  return STARTS.find(([pattern]) => pattern.test(start))?.[1] ?? 'plain';
}

const NAMES: readonly (readonly [RegExp, LanguageName])[] = [
  [/\.(json|json5|jsonc|map|ipynb|webmanifest|geojson|har)$/i, 'json'],
  [/\.(py|pyw|pyi|pyx|pth|bzl|wsgi|tac|cpy|vpy|dtml\.py)$|^(SConstruct|SConscript|wscript)$/i, 'python'],
  [
    /\.(sh|bash|zsh|ksh|dash|ebuild|profile)$|^\.?(env|bashrc|bash_profile|zshrc|zshenv|profile|environment|PKGBUILD)$|\.env$/i,
    'shell',
  ],
  [
    /\.(xml|xhtml|html?|svg|plist|xsl|xslt|xsd|rss|atom|kml|zcml|pt|rdf|xmi|csproj|vcxproj|pom|wsdl|jelly|iml|storyboard)$/i,
    'xml',
  ],
  [/\.ya?ml$|^\.(condarc|mambarc)$/i, 'yaml'],
  [/\.toml$|^(Cargo|poetry|uv|pdm|Pipfile)\.lock$|^Pipfile$/i, 'toml'],
  [
    /\.(js|mjs|cjs|jsx|ts|mts|cts|tsx|c|h|cc|cpp|cxx|hh|hpp|hxx|m|mm|java|scala|kt|kts|groovy|gradle|go|rs|cs|swift|dart|lua|proto|glsl)$/i,
    'c-like',
  ],
  [/\.(php|phtml|inc|php\d)$/i, 'php'],
  [/\.(pl|pm|perl|t|rb|rake|gemspec|ru|podspec|packlist)$|^(Gemfile|Rakefile|Vagrantfile)$/i, 'perl'],
  [/\.fish$/i, 'fish'],
  [/\.t?csh$|^\.(t?cshrc|login|logout)$|^csh\.(cshrc|login|logout)$/i, 'csh'],
  [/\.sql$/i, 'sql'],
  [/\.properties$/i, 'properties'],
  [/^(GNU)?[Mm]akefile(\.\w+)?$|\.(mk|mak|make)$/, 'make'],
];

const STARTS: readonly (readonly [RegExp, LanguageName])[] = [
  [/^#![^\n]*\b(ba|z|k|da|a)?sh\b/, 'shell'],
  [/^#![^\n]*\b(python|pypy|jython)[\d.]*\b/, 'python'],
  [/^#![^\n]*\b(perl|ruby)[\d.]*\b/, 'perl'],
  [/^#![^\n]*\bphp|^<\?php/, 'php'],
  [/^#![^\n]*\b(node|nodejs|deno|bun)\b/, 'c-like'],
  [/^#![^\n]*\bfish\b/, 'fish'],
  [/^#![^\n]*\bt?csh\b/, 'csh'],
  [/^\[(Desktop Entry|D-BUS Service)\]/m, 'desktop'],
  [/^(\xef\xbb\xbf)?\s*<(\?xml|!DOCTYPE|html|plist)\b/i, 'xml'],
];

/** What a Python source may hold as raw bytes: by its coding cookie (PEP 263) and the interpreter it names. */
export function pythonSourceOf(head: Buffer): PythonSource {
  const [first = '', second = ''] = head.toString('latin1', 0, 1024).split('\n', 2);
  const cookie = [first, second]
    .map((line) => /^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)/.exec(line)?.[1])
    .find((name) => name !== undefined);
  if (cookie !== undefined) return /^utf[-_]?8/i.test(cookie) ? 'utf-8' : 'other';
  return /^#!.*python2/.test(first) ? 'python2' : 'utf-8';
}

/** Spellings that only one escaping can have made. */
const UNMISTAKABLE: ReadonlySet<Escaping> = new Set([
  'slash',
  'slash-ascii',
  'unicode',
  'percent',
  'percent-slash',
  'xml-slash',
]);

/**
 * Chooses between how the search read a prefix and what its surroundings say. Many spellings look alike for a simple path; the
 * surroundings decide, unless the bytes contradict them (a comment that happens to stand between quotes).
 * `found` is the prefix as it stands in the file, `path` the prefix itself, `before` up to 64 bytes before it (latin1).
 */
export function trueEscaping(
  found: Buffer,
  path: string,
  searched: Escaping,
  around: Escaping,
  before: string,
): Escaping {
  if (isFileUrl(before) && (searched === 'slash' || escapePath(path, 'percent')?.equals(found) === true))
    return 'percent';
  if (searched === around || searched.startsWith('utf-') || UNMISTAKABLE.has(searched)) return searched;
  return isSpelledSo(found, path, around) ? around : searched;
}

function isSpelledSo(found: Buffer, path: string, escaping: Escaping): boolean {
  if (unescapePath(found, escaping) !== path) return false;
  // a raw blank or quote would have ended the word
  return escaping !== 'shell-bare' || !/(?<!\\)[\s"$&;|<>()`*?]/.test(found.toString('latin1'));
}

/** Whether what stands before a path makes it the path of a `file:` URL (RFC 8089), in which `%` is an escape. */
export function isFileUrl(before: string): boolean {
  return /(?:^|[^A-Za-z0-9])(?:[A-Za-z0-9.]+\+)?file:(?:(?:\/\/|\\\/\\\/)(?:localhost)?)?$/i.test(before);
}
