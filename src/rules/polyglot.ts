/**
 * The three-line form: `#!/bin/sh`, then a line that sh runs and Python reads as the start of a string, which ends on the third. It needs
 * no `env -S` and has no limit of length, but it puts a statement in front of the module.
 */
import { hasDocstring, isEncodingCookie } from '../formats/python-text.ts';
import type { Shebang } from '../formats/shebang.ts';
import { baseName } from '../model/path.ts';
import type { FileView } from './rule.ts';
import type { Rewriting, ScriptForm } from './shebang-claims.ts';

/** The form of a text file whose first line does not suffice. */
export function polyglotForm(view: FileView): ScriptForm {
  return { longForm: (shebang, words) => polyglot(view.latin1(), shebang, words) };
}

/**
 * @param text the whole script, latin1
 * @param words the interpreter and its arguments, each a word of sh
 */
function polyglot(text: string, { end, interpreter }: Shebang, words: readonly string[]): Rewriting {
  const obstacle = obstacleTo(text, end, interpreter.text ?? '', words);
  if (obstacle !== null) return { obstacle };
  const exec = `'''exec' ${words.join(' ')} "$0" "$@"\n' '''\n`;
  const newline = text.indexOf('\n', end);
  if (newline < 0) return { splices: [{ start: 0, end, text: `#!/bin/sh\n${exec}` }] };
  // an encoding cookie counts on the first two lines only: it stays on the second
  const second = secondLine(text, newline);
  if (!isEncodingCookie(second)) return { splices: [{ start: 0, end: newline + 1, text: `#!/bin/sh\n${exec}` }] };
  const after = newline + 1 + second.length;
  const isLast = after >= text.length;
  const at = isLast ? after : after + 1;
  return {
    splices: [
      { start: 0, end, text: '#!/bin/sh' },
      { start: at, end: at, text: isLast ? `\n${exec}` : exec },
    ],
  };
}

/**
 * Whether a word of the exec line means the same to sh and inside a Python string: there a backslash would be an escape, and three
 * quotes would end it.
 */
export function isPolyglotWord(word: string): boolean {
  return !/[\\\n]|'''/.test(word);
}

function secondLine(text: string, newline: number): string {
  const end = text.indexOf('\n', newline + 1);
  return text.slice(newline + 1, end < 0 ? text.length : end);
}

function obstacleTo(text: string, end: number, program: string, words: readonly string[]): string | null {
  const body = text.slice(end);
  if (!isPython(program)) return `the launcher of three lines is for Python alone, not for ${baseName(program)}`;
  if (text[end] === '\r')
    return 'the launcher of three lines can not be: its lines end in CR LF, which sh takes for a part of the last argument';
  if (!words.every(isPolyglotWord))
    return 'the launcher of three lines can not be: the path holds a character that sh and Python read differently';
  if (isEncodingCookie(text.slice(0, end)))
    return 'the launcher of three lines can not be: the first line names the encoding';
  if (!hasDocstring(body)) return null;
  if (/^from __future__ import/m.test(body))
    return 'the launcher of three lines can not be: `from __future__` stands behind a docstring, where no statement may come before it';
  if (/\b__doc__\b/.test(body))
    return 'the launcher of three lines can not be: the script uses its docstring, which would be that of the launcher';
  return null;
}

/** Whether a program is a Python, by its name. */
function isPython(program: string): boolean {
  return /^(?:i?python|pypy)\d*(?:\.\d+)*[a-z]?(?:-dbg)?$/.test(baseName(program));
}
