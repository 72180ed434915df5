/** RL601: paths in the strings of Perl programs and modules, which can find their own place. */
import { firstPerlStatement, isPerlProse, perlPlaces, type PerlPlace } from '../formats/perl-text.ts';
import { decodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName, relativeTo, type TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import { pathAt, realFolderOf, relative } from './claims.ts';
import { nameOfFile, prefixVariables, type PrefixVariable } from './prefix-variables.ts';
import type { FileRule, FileView, RuleContext } from './rule.ts';
import { lineAt } from './text-lines.ts';

/** Larger files are data. */
const LARGEST = 4 * 1024 * 1024;

export const rule: FileRule = {
  code: 'RL601',
  summary: "The tree's path in a string of a Perl program or module, which can find its own place.",
  subject: 'file',
  appliesTo: ({ path, head, size }) =>
    size < LARGEST && (/\.(?:pm|pl|cgi)$/.test(path) || PERL.test(head.toString('latin1', 0, 256))) && !isTainted(head),

  *claim(view, hits, context) {
    if (view.bytes === null || !view.isText || !isPlainSource(view)) return;
    const text = view.latin1();
    const places = openPlaces(text, hits);
    const open = places.map(({ hit }) => hit);
    const name = `$Relocate::_${nameOfFile(view.names[0] ?? view.path, context)}`;
    const variables = prefixVariables(view.path, open, name, 'single-quoted', context);
    if (variables === null) return;
    const code = definitions(view, variables, open, context);
    for (const { hit, place } of places) {
      const variable = variables.get(hit.prefix.base);
      if (variable !== undefined)
        yield relative(view, hit, [code, { start: hit.start, end: hit.end, text: expression(place, variable) }]);
    }
  },
};

const PERL = /^#![^\n]*\bperl[\d.]*\b/;

/** With `-T` Perl trusts no path that it has worked out. */
function isTainted(head: Buffer): boolean {
  return /^#![^\n]*\bperl[\d.]*[^\n]* -[A-Za-su-z]*[Tt]/.test(head.toString('latin1', 0, 256));
}

/** What `require Cwd` loads, and the record of Perl's own build. */
const BEFORE_OTHERS =
  /^package (?:Config|Cwd|DynaLoader|XSLoader|Exporter|strict|warnings|vars|overloading|File::Spec(?:::Unix)?);/m;

/** Not what Perl loads to work out a path, nor what another file was made into (`#line`). */
function isPlainSource(view: FileView): boolean {
  const text = view.latin1();
  return !/^#[ \t]*line[ \t]+\d+/m.test(text) && !BEFORE_OTHERS.test(text);
}

interface OpenPlace {
  readonly hit: Hit;
  readonly place: PerlPlace;
}

/** The hits that stand in strings where an expression may take their place. */
function openPlaces(text: string, hits: readonly Hit[]): OpenPlace[] {
  const plain = hits.filter(
    ({ escaping }) => escaping === 'plain' || escaping === 'single-quoted' || escaping === 'hex',
  );
  const places = perlPlaces(
    text,
    plain.map(({ start }) => start),
  );
  return plain.flatMap((hit, index) => {
    const place = places[index];
    return place !== undefined && isOpen(text, hit, place) ? [{ hit, place }] : [];
  });
}

function isOpen(text: string, hit: Hit, place: PerlPlace): boolean {
  const lead = text.slice(place.start, hit.start);
  if (hit.end > place.end - place.close.length || isPerlProse(text, hit.start)) return false;
  // where a string seems to begin lines before, it may be the quotes that were misread
  if (place.open !== '' && lead.includes('\n')) return false;
  if (place.quoting === 'double') return !/[@$]\{[^}]*$/.test(lead);
  return place.quoting === 'single' && isOperand(text, place);
}

/** Whether `.` may join the parts of a string: what stands before and behind it binds no closer (perlop(1), "Operator Precedence"). */
function isOperand(text: string, { start, end }: PerlPlace): boolean {
  const before = text.slice(Math.max(0, start - 200), start).trimEnd();
  const after = text.slice(end, end + 200).trimStart();
  return (
    /(?:[=(,|[?:.]|=>|[\w>}]\{|(?:^|[^\w$@%&])(?!x$)[A-Za-z]\w*)$/.test(before) &&
    !/(?:^|[^\w$@%])(?:eval|q[qwxr]?|m|s|tr|y)$/.test(before) &&
    /^(?:[;,)\]}.:?|&]|=>|(?:if|unless|or|and|for|foreach|eq|ne)\b|$)/.test(after)
  );
}

function expression({ quoting, open, close }: PerlPlace, { name }: PrefixVariable): string {
  return quoting === 'double' ? `\${${name.slice(1)}}` : `${close}.${name}.${open}`;
}

/**
 * The code that works out the prefixes while the file is compiled, before any other: `use lib` needs them, and the working directory is
 * still that in which the file's name was given.
 */
function definitions(
  view: FileView,
  variables: ReadonlyMap<TreePath, PrefixVariable>,
  hits: readonly Hit[],
  context: RuleContext,
): Splice {
  const at = firstPerlStatement(view.latin1());
  const folders = [...new Set(view.names.map((name) => realFolderOf(name, context)))];
  const lines = [...variables].map(([base, { name, up }]) => {
    const root =
      folders.length > 1 ? rootOfOne(base, folders, name) : `${name} = Cwd::realpath("$folder/" . ${quoted(up)});`;
    return `BEGIN { require Cwd; my ($folder) = Cwd::realpath(__FILE__) =~ m{(.*)/}s; ${root} }\n`;
  });
  return { start: at, end: at, text: lines.join('') + macroFolder(view, [...variables.values()], hits) };
}

/** A file with names in several folders (hard links) tries the way up from each: the right one leads down again to where it is. */
function rootOfOne(base: TreePath, folders: readonly TreePath[], name: string): string {
  const ways = folders.map((folder) => {
    const [up, down] = [relativeTo(folder, base), relativeTo(base, folder)].map((way) => quoted(escaped(way)));
    return `[${up}, ${down}]`;
  });
  return (
    `for (${ways.join(', ')}) { my $root = Cwd::realpath("$folder/" . $_->[0]) or next; ` +
    `${name} = $root if $folder eq (Cwd::realpath("$root/" . $_->[1]) || ''); }`
  );
}

/** A path as it stands in single quotes, which can hold any. */
function escaped(path: string): string {
  return decodeBytes(escapePath(path, 'single-quoted') ?? Buffer.alloc(0));
}

function quoted(text: string): string {
  return `'${text}'`;
}

/**
 * `autom4te` is told by its configuration, which knows no variables, where the macros of Autoconf are. As its first argument the folder
 * comes before that of the configuration, and behind those that a user gives.
 */
function macroFolder(view: FileView, [variable]: readonly PrefixVariable[], hits: readonly Hit[]): string {
  if (!/^autom4te(?:-[\d.]+)?$/.test(baseName(view.path)) || variable === undefined) return '';
  const text = view.latin1();
  const hit = hits.find(({ start }) => /^my \$pkgdatadir = [^\n]*$/.test(lineAt(text, start).text));
  if (hit === undefined) return '';
  const tail = escaped(pathAt(view, hit).path.slice(hit.prefix.path.length));
  return `unshift @ARGV, '--prepend-include', ${variable.name}.${quoted(tail)};\n`;
}
