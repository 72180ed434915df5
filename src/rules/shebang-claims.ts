/** What the rules about first lines (RL101, RL104, RL107) have in common: claims on the hits of a shebang. */
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import type { Hit } from '../formats/needles.ts';
import { PORTABLE_SHEBANG, parseShebang, shebangEnd, type Shebang, type ShebangWord } from '../formats/shebang.ts';
import { relativeTo, type TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import { pathAt, pinned, realFolderOf, relative, type FoundPath } from './claims.ts';
import { envSplitLauncher, shellWordOf, type Piece } from './launcher.ts';
import type { Claim, FileView, RuleContext } from './rule.ts';
import { isThere } from './tree-links.ts';

/** The splices that make a file self-locating, or why there are none. */
export type Rewriting = { readonly splices: readonly Splice[]; readonly note?: string } | { readonly obstacle: string };

/** What differs with what follows the first line. */
export interface ScriptForm {
  /** The form of more than one line, for hosts without `env -S` and for paths too long for one; `words` are words of sh. */
  readonly longForm: (shebang: Shebang, words: readonly string[]) => Rewriting;
  /** Adds what must change along with the splices at the file's start. */
  readonly complete?: (splices: readonly Splice[]) => Rewriting;
}

/** The first byte of every script: `#`. */
export const SCRIPT_START = 0x23;

/** Whether a file begins as a script does. */
export function isScript({ head }: Pick<FileView, 'head'>): boolean {
  return head[0] === SCRIPT_START && head[1] === 0x21;
}

/** The length of the first line of a script; null for what is none. */
export function shebangLength(view: FileView): number | null {
  return shebangEnd(view.head.toString('latin1'), view.size <= view.head.length);
}

/** The first line taken apart; blanks in the hits end no word. */
export function readShebang(view: FileView, hits: readonly Hit[]): Shebang | null {
  return parseShebang(view.head.toString('latin1'), view.size <= view.head.length, hits);
}

/** A hit on the first line, with its path. */
interface LineHit {
  readonly hit: Hit;
  readonly found: FoundPath;
}

/** The hits on the first line that are written as they are. */
export function hitsOnLine(view: FileView, { end, interpreter }: Shebang, hits: readonly Hit[]): LineHit[] {
  const onLine = hits.filter((hit) => hit.end <= end && hit.escaping === 'plain');
  return onLine.map((hit) => ({
    hit,
    found: pathAt(view, hit, contains(interpreter, hit) ? interpreterEnd(interpreter, hit) : undefined),
  }));
}

/** Claims every hit of the first line. They share the splices that make the line self-locating. */
export function* claimShebang(
  view: FileView,
  hits: readonly Hit[],
  context: RuleContext,
  form: ScriptForm,
): Iterable<Claim> {
  const shebang = readShebang(view, hits);
  if (shebang === null) return;
  const onLine = hitsOnLine(view, shebang, hits);
  const line = { shebang, hits: onLine, folder: realFolderOf(view.path, context) };
  const made = onLine.length === 0 ? null : completed(rewrite(line, context, form), form);
  for (const { hit, found } of onLine) {
    if (made === null) continue;
    if ('obstacle' in made) yield pinnedWord(view, { hit, found }, made.obstacle);
    else yield relative(view, hit, made.splices, { found, note: made.note ?? '' });
  }
}

/** A hit that stays absolute. A first line has no way to write a blank, so a path with one is refused there. */
export function pinnedWord(view: FileView, { hit, found }: LineHit, note: string): Claim {
  return pinned(view, hit, { found, note, escaping: 'word' });
}

interface Line {
  readonly shebang: Shebang;
  readonly hits: readonly LineHit[];
  readonly folder: TreePath;
}

function completed(made: Rewriting, { complete }: ScriptForm): Rewriting {
  if ('obstacle' in made || complete === undefined) return made;
  const whole = complete(made.splices);
  return 'obstacle' in whole ? whole : { ...made, ...whole };
}

/** One line where every kernel keeps it whole; else several lines, where they are possible; else one line that newer kernels keep. */
function rewrite(line: Line, context: RuleContext, { longForm }: ScriptForm): Rewriting {
  const obstacle = obstacleTo(line, context);
  if (obstacle !== null) return { obstacle };
  const { shebang } = line;
  const words = [shebang.interpreter, ...shebang.arguments].map((word) => shellWordOf(piecesOf(word, line)));
  const long = longForm(shebang, words);
  if (context.options.launcher === 'polyglot') return long;
  const text = envSplitLauncher(fromLatin1(shebang.lead), words);
  const single = text === null ? null : [{ start: 0, end: shebang.end, text }];
  if (single !== null && text !== null && encodeBytes(text).length <= PORTABLE_SHEBANG) return { splices: single };
  if ('splices' in long)
    return {
      ...long,
      note: `more than one line, since one would have more than the ${PORTABLE_SHEBANG} bytes that every kernel keeps`,
    };
  if (single === null) return { obstacle: `one line would have more bytes than kernels keep, and ${long.obstacle}` };
  return { splices: single, note: `the new line has more than ${PORTABLE_SHEBANG} bytes: Linux before 5.1 cuts it` };
}

function obstacleTo({ shebang, hits }: Line, context: RuleContext): string | null {
  const words = [shebang.interpreter, ...shebang.arguments];
  if (words.some(({ text }) => text === null)) return 'what `env -S` makes of this line is known only where it runs';
  for (const { hit, found } of hits) {
    const word = words.find((candidate) => contains(candidate, hit));
    if (word === undefined) return 'the path is given to env itself, which can not work it out';
    if (found.inTree === null) return 'the path leaves the tree';
    const unfit =
      word === shebang.interpreter
        ? unfitInterpreter(word, hit, found.inTree, context)
        : quoting(word) !== 0
          ? ESCAPES
          : null;
    if (unfit !== null) return unfit;
  }
  return null;
}

const ESCAPES = 'the path stands in a word with escapes';

function unfitInterpreter(word: ShebangWord, hit: Hit, inTree: TreePath, context: RuleContext): string | null {
  if (interpreterEnd(word, hit) === undefined) return ESCAPES;
  return isThere(inTree, context) ? null : `${inTree} is not in the tree`;
}

/** A word as text and paths relative to the script. An interpreter in quotes is one path as a whole. */
function piecesOf(word: ShebangWord, { hits, folder }: Line): Piece[] {
  const text = word.text ?? '';
  const pieces: Piece[] = [];
  let from = word.start;
  const inWord = hits.filter(({ hit }) => contains(word, hit)).sort((a, b) => a.hit.start - b.hit.start);
  for (const { hit, found } of inWord) {
    if (quoting(word) === 0 && hit.start > from)
      pieces.push({ text: fromLatin1(text.slice(from - word.start, hit.start - word.start)) });
    const slash = found.path.endsWith('/') ? '/' : '';
    pieces.push({ beside: relativeTo(folder, found.inTree ?? hit.prefix.base) + slash });
    from = found.end;
  }
  if (inWord.length === 0) return [{ text: fromLatin1(text) }];
  if (quoting(word) === 0 && from < word.end) pieces.push({ text: fromLatin1(text.slice(from - word.start)) });
  return pieces;
}

function contains(word: ShebangWord, hit: Hit): boolean {
  return hit.start >= word.start && hit.end <= word.end;
}

/** Bytes of the word that are quotes and escapes. */
function quoting({ start, end, text }: ShebangWord): number {
  return end - start - (text?.length ?? 0);
}

/** Where a path that is an interpreter as a whole ends: with its word, or before the closing quote; else it is not known. */
function interpreterEnd(word: ShebangWord, hit: Hit): number | undefined {
  const quotes = quoting(word);
  if (quotes === 0 && hit.start === word.start) return word.end;
  return quotes === 2 && hit.start === word.start + 1 ? word.end - 1 : undefined;
}

/** Bytes held as latin1, as a path or the text of a splice. */
export function fromLatin1(text: string): string {
  return decodeBytes(Buffer.from(text, 'latin1'));
}
