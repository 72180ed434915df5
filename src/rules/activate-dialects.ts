/** How activate scripts of shells that are not POSIX write the environment's path, and what can stand there instead. */
import type { Escaping } from '../model/reference.ts';
import { escapeDoubleQuoted } from './launcher.ts';

/** A piece of a line, by offsets in the line, and its new text. */
export interface LineEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface PathOnLine {
  /** Where the path ends on the line. */
  readonly end: number;
  /** Makes it the folder above that of the file. */
  readonly edit: LineEdit;
}

export interface ActivateDialect {
  /** Why a path stays absolute. */
  readonly note: string;
  /** Code that must come before the first command, given the file's path below the environment. */
  readonly before?: (down: string) => string;
  /** How a path stands behind this character, where the shell's quotes are known. */
  readonly escaping?: (before: string) => Escaping;
  /** The path that starts at `at` on a line, where the line is one that sets the environment; else null. */
  read(line: string, at: number, text: string): PathOnLine | null;
}

/** The dialect of an activate script, by its name; null where the shell is not known. */
export function activateDialect(name: string): ActivateDialect | null {
  return DIALECTS[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? null;
}

const OTHER_USE = 'not the line that sets VIRTUAL_ENV';

/** `set -gx VIRTUAL_ENV '/srv/env'` (venv, virtualenv, uv). */
const fish: ActivateDialect = {
  note: OTHER_USE,
  before: (down) =>
    [
      '# the place of this file, so that the environment can be moved',
      'set -l _relocate_root (realpath (dirname (realpath (status filename)))/..)',
      `if not test -f "$_relocate_root/${escapeDoubleQuoted(down)}"`,
      `    echo "${escapeDoubleQuoted(down)}: fish does not tell where this file is; source it by its name" >&2`,
      '    return 1',
      'end',
      '',
    ].join('\n'),
  read: (line, at) => wholeWord(line, at, /^\s*set -gx \w+ $/, '"$_relocate_root"'),
};

/** `let virtual_env = r#'/srv/env'#` in the module's export-env (virtualenv 20.14 and later); uv has `const`. */
const nu: ActivateDialect = {
  note: OTHER_USE,
  read(line, at, text) {
    const match = /^(\s*)(?:let|const) virtual_env = (r#'|["'])(?=\/)/.exec(line);
    if (match === null || match[0].length !== at || !text.includes('export-env')) return null;
    const quote = match[2] ?? '';
    const close = quote === "r#'" ? "'#" : quote;
    if (!line.trimEnd().endsWith(close)) return null;
    const code = `${match[1] ?? ''}let virtual_env = ($env.CURRENT_FILE | path expand | path dirname | path dirname)`;
    return {
      end: line.trimEnd().length - close.length,
      edit: { start: 0, end: line.trimEnd().length, text: code },
    };
  },
};

const ABOVE_FILE = `__import__('os').path.dirname(__import__('os').path.dirname(__import__('os').path.realpath(__file__)))`;

/** `$VIRTUAL_ENV = r"/srv/env"`, `self.embedded_virtual_env = '/srv/env'` (xonsh: Python). */
const xsh: ActivateDialect = {
  note: OTHER_USE,
  read: (line, at) => wholeWord(line, at, /^\s*(?:\$VIRTUAL_ENV|self\.\w+) = r?$/, ABOVE_FILE),
};

/** `@for %%i in ("/srv/env") do @set "VIRTUAL_ENV=%%~fi"` (uv). `%~dp0` is the folder of the file, with its backslash. */
const bat: ActivateDialect = {
  note: OTHER_USE,
  read(line, at) {
    const end = line.indexOf('"', at);
    if (end < 0 || !/^\s*@?(?:for %%i in \("|set "VIRTUAL_ENV=)$/i.test(line.slice(0, at))) return null;
    return { end, edit: { start: at, end, text: '%~dp0..' } };
  },
};

/** `setenv VIRTUAL_ENV '/srv/env'`. */
const csh: ActivateDialect = {
  note: 'csh can not tell which file it reads',
  escaping: (before) => (before === "'" ? 'shell-single' : before === '"' ? 'csh-double' : 'shell-bare'),
  read: () => null,
};

const DIALECTS: Readonly<Record<string, ActivateDialect>> = { fish, nu, xsh, bat, csh };

/** A path that is the whole of the last word of a line, in quotes or bare. `code` takes the place of the word, an `r` before it too. */
function wholeWord(line: string, at: number, before: RegExp, code: string): PathOnLine | null {
  const content = line.trimEnd();
  const first = content[at - 1] ?? '';
  const quote = first === '"' || first === "'" ? first : '';
  const start = at - quote.length;
  const lead = content.slice(0, start);
  if (!before.test(lead) || (quote !== '' && (!content.endsWith(quote) || content.length <= at))) return null;
  const end = content.length - quote.length;
  if (quote === '' && /[\s;#]/.test(content.slice(at))) return null;
  return {
    end,
    edit: { start: lead.endsWith('r') ? start - 1 : start, end: content.length, text: code },
  };
}
