/** Self-locating first lines: how a script finds an interpreter, or any other path of the tree, from its own real folder. */
import { encodeBytes } from '../formats/byte-text.ts';
import { LONGEST_SHEBANG } from '../formats/shebang.ts';

/** A piece of a word of a command: text, or a path relative to the folder of the script. */
export type Piece = { readonly text: string } | { readonly beside: string };

/**
 * The path `relative`, from the real folder of the script `$0`, as a double-quoted word of sh. Symlinks to the script are followed
 * (`/usr/local/bin/tool -> /srv/site/bin/tool`); the path itself is not, so that a venv's `python` stays the venv's.
 * @example besideScript('python3') === '"$(dirname "$(realpath "$0")")/python3"'
 */
export function besideScript(relative: string): string {
  return `"${besideScriptQuoted(relative)}"`;
}

function besideScriptQuoted(relative: string): string {
  return `$(dirname "$(realpath "$0")")/${escapeDoubleQuoted(relative)}`;
}

/** Text as it stands inside double quotes of sh. */
export function escapeDoubleQuoted(text: string): string {
  return text.replace(/[\\"$`]/g, '\\$&');
}

/** One word of sh: bare where nothing in it is special, else in double quotes. */
export function shellWordOf(pieces: readonly Piece[]): string {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined && 'text' in first && /^[A-Za-z0-9_@%+=:,./-]+$/.test(first.text))
    return first.text;
  return `"${pieces.map((piece) => ('text' in piece ? escapeDoubleQuoted(piece.text) : besideScriptQuoted(piece.beside))).join('')}"`;
}

/**
 * The one-line launcher. The kernel hands `env` the rest of the line as one string and then the script; `env -S` splits the string;
 * sh gets the script as `$0`.
 * @param lead what comes before, with its blank: `#!/usr/bin/env -S `
 * @param words the interpreter and its arguments, each a word of sh
 * @returns null where the line would be longer than kernels keep, or can't be one line
 */
export function envSplitLauncher(lead: string, words: readonly string[]): string | null {
  const command = `exec ${words.join(' ')} "$0" "$@"`;
  const line = `${lead}sh -c '${command.replace(/[\\']/g, '\\$&')}'`;
  return line.includes('\n') || encodeBytes(line).length > LONGEST_SHEBANG ? null : line;
}
