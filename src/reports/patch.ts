/** What a plan changes as a unified diff, in git's form: `patch -p1` and `git apply` take its texts and links. */
import { structuredPatch } from 'diff';
import MagicString from 'magic-string';
import { encodeBytes } from '../formats/byte-text.ts';
import type { FileChange } from '../model/plan.ts';
import type { Splice } from '../model/reference.ts';
import type { Paint } from './paint.ts';

/** One change of a plan with the bytes that it changes; null where they are too many to show, or the change is not one of bytes. */
export interface PatchedFile {
  readonly change: FileChange;
  readonly before: Buffer | null;
  readonly splices: readonly Splice[];
}

/** Longer than this the search for the shortest diff gives up, and the file is said to differ. */
const PATIENCE_MS = 2000;

/** The diff of one file. Files are bytes, so the diff is: lines keep theirs. */
export function patchOf(file: PatchedFile, paint: Paint): Buffer {
  // latin1: one character is one byte, nothing is lost
  const latin = linesOf(file).map((line) => `${painted(line, paint)}\n`);
  return Buffer.from(latin.join(''), 'latin1');
}

function linesOf({ change, before, splices }: PatchedFile): string[] {
  const [from, to] = [quoted(`a/${change.file}`), quoted(`b/${change.file}`)];
  const names = [`--- ${ended(from)}`, `+++ ${ended(to)}`];
  const differs = `Binary files ${from} and ${to} differ`;
  const head = `diff --git ${from} ${to}`;
  if (change.kind === 'remove')
    return [head, `deleted file (${latin(change.reason)})`, `Binary files ${from} and /dev/null differ`];
  if (change.kind === 'retarget')
    return [
      head,
      'index 0000000..0000000 120000',
      ...names,
      ...hunks(latin(change.edits[0]?.reference.path ?? ''), latin(change.target)),
    ];
  if (before === null || before.includes(0)) return [head, differs];
  const text = before.toString('latin1');
  const lines = hunks(text, edited(text, splices));
  return lines.length > 0 ? [head, ...names, ...lines] : [];
}

/** The text after its splices. */
function edited(text: string, splices: readonly Splice[]): string {
  const magic = new MagicString(text);
  for (const { start, end, text: replacement } of splices) {
    if (start === end) magic.appendLeft(start, latin(replacement));
    else if (replacement === '') magic.remove(start, end);
    else magic.update(start, end, latin(replacement));
  }
  return magic.toString();
}

function hunks(before: string, after: string): string[] {
  const patch = structuredPatch('', '', before, after, '', '', { context: 3, timeout: PATIENCE_MS });
  if (patch === undefined) return ['(too many differences to show)'];
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`,
    ...lines,
  ]);
}

/** A range of lines; an empty one begins before its first line (diffutils, "Detailed Description of Unified Format"). */
function range(start: number, lines: number): string {
  return lines === 1 ? String(start) : `${lines === 0 ? start - 1 : start},${lines}`;
}

function latin(text: string): string {
  return encodeBytes(text).toString('latin1');
}

/** A name as git writes it: in quotes, with octal escapes, where it holds quotes, backslashes, control characters or more than ASCII. */
function quoted(name: string): string {
  const bytes = latin(name);
  if (/^[\u0020-\u007e]*$/.test(bytes) && !/["\\]/.test(bytes)) return bytes;
  const escaped = bytes.replace(/["\\]|[^\u0020-\u007e]/g, (char) =>
    char === '"' || char === '\\' ? `\\${char}` : `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}

/** A name with a space in it ends with a tab, as git and diffutils have it; else `patch` takes its first word. */
function ended(name: string): string {
  return name.includes(' ') && !name.startsWith('"') ? `${name}\t` : name;
}

function painted(line: string, paint: Paint): string {
  if (/^(?:diff |--- |\+\+\+ )/.test(line)) return paint('strong', line);
  if (line.startsWith('@@')) return paint('code', line);
  if (line.startsWith('+')) return paint('good', line);
  return line.startsWith('-') ? paint('bad', line) : line;
}
