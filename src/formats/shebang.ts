/**
 * The first line of a script, as the kernel (execve(2)) and `env -S` (coreutils, env invocation) read it. Text is latin1, so that
 * every index is a byte offset.
 */

/** Bytes of the line, `#!` counted and the line end not, that kernels keep: Linux before 5.1 cuts longer lines, so may other systems. */
export const PORTABLE_SHEBANG = 127;
/** What Linux keeps today (BINPRM_BUF_SIZE is 256, one byte for the line end): a longer line is cut, or the file runs as a shell script. */
export const LONGEST_SHEBANG = 255;

/** What a first line begins with whose rest `env` takes apart. */
export const ENV_SPLIT = '#!/usr/bin/env -S ';

/** A word of the line: the bytes [start, end) as written. `text` is what it means; null where only `env` can tell (`${NAME}`, `\c`). */
export interface ShebangWord {
  readonly start: number;
  readonly end: number;
  readonly text: string | null;
}

export interface Shebang {
  /** Where the line ends: before `\r\n`, `\n`, or at the end of the file. */
  readonly end: number;
  /** What stands before the interpreter, with `-S` put in where it was not: `#!/usr/bin/env -S -i `. */
  readonly lead: string;
  readonly interpreter: ShebangWord;
  /** What the interpreter gets before the script's name. Without `env -S` Linux passes the rest of the line as one. */
  readonly arguments: readonly ShebangWord[];
}

/** A path that is known to stand on the line: blanks in it end no word. */
export interface KnownSpan {
  readonly start: number;
  readonly end: number;
}

/** The length of the first line without its line end; null where the text is no script, or holds a NUL or no end in its line. */
export function shebangEnd(head: string, isWhole: boolean): number | null {
  if (!head.startsWith('#!')) return null;
  const newline = head.indexOf('\n');
  if (newline < 0 && !isWhole) return null;
  const line = head.slice(0, newline < 0 ? head.length : newline);
  if (line.includes('\0')) return null;
  return line.endsWith('\r') ? line.length - 1 : line.length;
}

/**
 * Takes the first line apart.
 * @param head the start of the file, latin1
 * @param isWhole whether the head is the whole file (then the line may end with it)
 * @returns null where there is no shebang, or nothing is named on it
 */
export function parseShebang(head: string, isWhole: boolean, known: readonly KnownSpan[] = []): Shebang | null {
  const end = shebangEnd(head, isWhole);
  if (end === null) return null;
  const line = head.slice(0, end);
  const first = plainWord(line, skipBlanks(line, 2), known);
  if (first === null) return null;
  const rest = skipBlanks(line, first.end);
  const isEnv = /^\/(?:[^/]+\/)*env$/.test(first.text ?? '') && !known.some(({ start }) => start === first.start);
  if (!isEnv || rest >= line.length) {
    const words =
      rest < line.length ? [{ start: rest, end: line.trimEnd().length, text: line.slice(rest).trimEnd() }] : [];
    return { end, lead: ENV_SPLIT, interpreter: first, arguments: words };
  }
  return parseEnv(line, first, rest, known);
}

/** `env` with the rest of the line: split by `-S`, or else meant to be (Linux passes it as one word, which finds no program). */
function parseEnv(line: string, env: ShebangWord, rest: number, known: readonly KnownSpan[]): Shebang | null {
  const option = /^(?:-[A-Za-z0]*S|--split-string[= ])[ \t]*/.exec(line.slice(rest))?.[0];
  const words = option === undefined ? plainWords(line, rest, known) : splitWords(line, rest + option.length, known);
  const at = words.findIndex((_, index) => isProgram(words, index));
  const interpreter = words[at];
  if (interpreter === undefined) return null;
  const before = line.slice(rest, interpreter.start);
  const lead =
    option === undefined
      ? `#!${env.text ?? ''} -S ${before}`
      : `#!${env.text ?? ''} ${/[ \t=]$/.test(before) ? before : `${before} `}`;
  return { end: line.length, lead, interpreter, arguments: words.slice(at + 1) };
}

/** Options of env, and their values, and assignments stand before the program. */
function isProgram(words: readonly ShebangWord[], index: number): boolean {
  const { text } = words[index] ?? { text: '' };
  const previous = words[index - 1]?.text ?? '';
  if (text === null) return true;
  return !text.startsWith('-') && !/^[A-Za-z_]\w*=/.test(text) && !/^-[uCP]$/.test(previous ?? '');
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t') at++;
  return at;
}

function plainWord(line: string, start: number, known: readonly KnownSpan[]): ShebangWord | null {
  let end = start;
  while (
    end < line.length &&
    (known.some((span) => end >= span.start && end < span.end) || !/[ \t]/.test(line[end] ?? ''))
  )
    end++;
  return end === start ? null : { start, end, text: line.slice(start, end) };
}

function plainWords(line: string, from: number, known: readonly KnownSpan[]): ShebangWord[] {
  const words: ShebangWord[] = [];
  for (
    let word = plainWord(line, from, known);
    word !== null;
    word = plainWord(line, skipBlanks(line, word.end), known)
  )
    words.push(word);
  return words;
}

/** The words of an `env -S` string. */
function splitWords(line: string, from: number, known: readonly KnownSpan[]): ShebangWord[] {
  const words: ShebangWord[] = [];
  for (let at = skipSplitBlanks(line, from); at < line.length; at = skipSplitBlanks(line, at)) {
    const word = splitWord(line, at, known);
    words.push(word);
    at = word.end;
  }
  return words;
}

function skipSplitBlanks(line: string, from: number): number {
  let at = from;
  while (/[ \t\v\f\r]/.test(line[at] ?? '')) at++;
  return at;
}

/** One word: quotes of both kinds, backslash escapes; in single quotes only `\\` and `\'` are escapes. */
function splitWord(line: string, start: number, known: readonly KnownSpan[]): ShebangWord {
  let text: string | null = line[start] === '#' ? null : '';
  let quote = '';
  let at = start;
  const add = (more: string | null): void => {
    text = text === null || more === null ? null : text + more;
  };
  for (; at < line.length; at++) {
    const char = line[at] ?? '';
    const isKnown = known.some((span) => at >= span.start && at < span.end);
    if (isKnown) add(char);
    else if (quote === '' && /[ \t\v\f\r]/.test(char)) break;
    else if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === '\\' && (quote !== "'" || /[\\']/.test(line[at + 1] ?? '')))
      add(escaped(line[++at] ?? '', quote));
    else if (char === '$' && quote !== "'") add(null);
    else add(char);
  }
  return { start, end: at, text };
}

/** The character that an escape stands for; null for those that end the string or mean different things in different places. */
function escaped(char: string, quote: string): string | null {
  if (`\\"'#$`.includes(char) && char !== '') return char;
  return char === '_' && quote === '"' ? ' ' : null;
}
