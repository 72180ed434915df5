/** Self-locating shell code: what is put at the start of a file that is sourced (or run), and how its paths then are written. */
import { escapePath } from '../formats/escaping.ts';
import { decodeBytes } from '../formats/byte-text.ts';
import type { Hit } from '../formats/needles.ts';
import { firstCommand, functionBodies, shellPlaces, type ShellPlace } from '../formats/shell-text.ts';
import { baseName, dirName, isInside, relativeTo, type TreePath } from '../model/path.ts';
import type { Escaping, Splice } from '../model/reference.ts';
import { escapeDoubleQuoted } from './launcher.ts';

/** A hit of a shell file, with what its place allows. */
export interface ShellHit {
  readonly hit: Hit;
  readonly place: ShellPlace;
  /** How the path is written there. */
  readonly escaping: Escaping;
  /** Whether an expansion may stand there. */
  readonly isOpen: boolean;
  /** In the body of a function, which runs later than the file is read. */
  readonly isInFunction: boolean;
}

const ESCAPINGS: Readonly<Record<ShellPlace['quoting'], Escaping>> = {
  bare: 'shell-bare',
  double: 'shell-double',
  single: 'shell-single',
  other: 'plain',
};

/** The places of the hits of a POSIX shell script. */
export function shellHits(text: string, hits: readonly Hit[]): ShellHit[] {
  const sorted = [...hits].sort((a, b) => a.start - b.start);
  const bodies = functionBodies(text);
  const places = shellPlaces(
    text,
    sorted.map(({ start }) => start),
  );
  return sorted.flatMap((hit, index) => {
    const place = places[index];
    if (place === undefined) return [];
    const escaping = hit.escaping === 'plain' ? ESCAPINGS[place.quoting] : hit.escaping;
    const isInFunction = bodies.some(([start, end]) => hit.start >= start && hit.start < end);
    return [{ hit, place, escaping, isInFunction, isOpen: place.quoting !== 'other' && escaping.startsWith('shell-') }];
  });
}

/** Why a path of a shell file stays absolute. */
export const NOT_EXPANDED =
  'it stands in a comment, a here-document, backquotes or a function, where no variable is sure to be expanded';

/** A folder of the tree that the file works out, in a variable of its own. */
export interface ShellRoot {
  readonly file: TreePath;
  readonly root: TreePath;
  readonly variable: string;
}

/** @param root a folder of the tree, written relative to the file's folder; the variable is named after the file. */
export function shellRoot(file: TreePath, root: TreePath): ShellRoot {
  return { file, root, variable: `_RELOCATE_${file.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase()}` };
}

/**
 * The code that works out the root, to be put before the first command. Where the file is can't be known, nothing is set: the file
 * says so and ends with 1.
 */
export function locatingCode({ file, root, variable }: ShellRoot, text: string): Splice {
  const at = firstCommand(text);
  const up = relativeTo(dirName(file), root);
  const above = up === '.' ? '"${_relocate%/*}"' : `"\${_relocate%/*}"/${doubleQuoted(up)}`;
  const down = relativeTo(root, file);
  const lines = [
    '# the place of this file, so that the tree can be moved',
    ...findFile(doubleQuoted(baseName(file)), doubleQuoted(down)),
    '_relocate=$(command realpath "$_relocate" 2>/dev/null || command readlink -f "$_relocate" 2>/dev/null || :)',
    `${variable}=\${_relocate:+$(command realpath ${above} 2>/dev/null || command readlink -f ${above})}`,
    'unset _relocate _relocate_pid _relocate_fd',
    `if [ -z "$${variable}" ] || [ ! -f "$${variable}"/${doubleQuoted(down)} ]; then`,
    `    echo ${doubleQuoted(`${down}: this shell does not tell where the file is; source it from bash or zsh`)} >&2`,
    `    unset ${variable}`,
    '    return 1 2>/dev/null',
    // neither sourced nor run, as in `eval "$(cat …)"`: it must stop, but not take a person's shell away
    '    case $- in *i*) kill -INT $$ ;; *) exit 1 ;; esac',
    'fi',
  ];
  return { start: at, end: at, text: `${lines.join('\n')}\n\n` };
}

/**
 * bash, zsh and ksh say which file they read. A script that is run has its path in `$0`. Other shells keep the file open, which Linux shows.
 * Where none of this helps, the working directory may be the root.
 * @param name the file's own name, as a word of sh
 * @param down its path below the root, as a word of sh
 */
function findFile(name: string, down: string): string[] {
  return [
    '_relocate=',
    'if [ -n "${BASH_VERSION-}" ]; then',
    '    _relocate=${BASH_SOURCE-}',
    'elif [ -n "${ZSH_VERSION-}" ]; then',
    `    eval '_relocate=\${(%):-%x}'`,
    // a name that the locale can not show stands there escaped
    `    [ -e "$_relocate" ] || eval '_relocate=\${funcstack[2]-}'`,
    `elif (eval 'test -n "\${.sh.file}"') 2>/dev/null; then`,
    `    eval '_relocate=\${.sh.file}'`,
    'else',
    '    case $0 in',
    `        */${name}) _relocate=$0 ;;`,
    '    esac',
    '    if [ -z "$_relocate" ] && [ -r /proc/self/stat ]; then',
    `        IFS=' ' read -r _relocate_pid _relocate_fd </proc/self/stat`,
    '        for _relocate_fd in "/proc/$_relocate_pid/fd"/*; do',
    '            case $(command readlink "$_relocate_fd") in',
    `                */${name}) _relocate=$(command readlink "$_relocate_fd") ;;`,
    '            esac',
    '        done',
    '    elif [ -z "$_relocate" ]; then',
    '        case $0 in',
    `            ${name}) _relocate=$0 ;;`,
    `            *) _relocate=${down} ;;`,
    '        esac',
    '    fi',
    'fi',
  ];
}

function doubleQuoted(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `"${escapeDoubleQuoted(text)}"`;
}

/**
 * Writes the root's variable for the prefix of a hit, in the quotes that stand there.
 * @returns null where the root can't be reached from there in this quoting
 */
export function rootedPath(
  text: string,
  { hit, place, escaping }: ShellHit,
  { root, variable }: ShellRoot,
): Splice | null {
  const { base } = hit.prefix;
  // `/srv/site/env` where the root is `env`: the root is there in full
  const rest =
    base !== root && isInside(root, base === '' ? root : base)
      ? restTo(text, hit, relativeTo(base, root), escaping)
      : null;
  const end = rest ?? hit.end;
  const below = rest !== null || base === root ? '' : `/${relativeTo(root, base)}`;
  const inQuotes = escapePath(below, 'shell-double');
  if (inQuotes === null) return null;
  const value = `\${${variable}}${decodeBytes(inQuotes)}`;
  if (place.quoting === 'double') return { start: hit.start, end, text: value };
  if (place.quoting !== 'single') return { start: hit.start, end, text: `"${value}"` };
  const opens = place.quoteStart === hit.start - 1;
  const closes = text[end] === "'";
  return {
    start: opens ? hit.start - 1 : hit.start,
    end: closes ? end + 1 : end,
    text: `${opens ? '' : "'"}"${value}"${closes ? '' : "'"}`,
  };
}

/** Where the names from the prefix down to the root end in the text, when they follow the hit; null where something else does. */
function restTo(text: string, hit: Hit, below: string, escaping: Escaping): number | null {
  const written = escapePath(`/${below}`, escaping)?.toString('latin1');
  const plain = escapePath(`/${below}`, 'plain')?.toString('latin1');
  for (const form of [written, plain]) {
    if (form === undefined || !text.startsWith(form, hit.end)) continue;
    const end = hit.end + form.length;
    if (/^(?![\w.+~@%-])/.test(text.slice(end, end + 1))) return end;
  }
  return null;
}
