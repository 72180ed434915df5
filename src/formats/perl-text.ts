/**
 * Where the strings of a Perl source are. Perl can't be parsed without running it: this follows quotes, patterns, here-documents, comments
 * and POD by the rules of perlop ("Quote and Quote-like Operators"), and guesses where Perl itself would have to. Text is latin1.
 */

/** `single` takes its content as it stands, `double` expands variables in it; `raw` is all that is no string of code. */
export type PerlQuoting = 'single' | 'double' | 'raw' | 'code';

export interface PerlPlace {
  readonly quoting: PerlQuoting;
  /** The string with its quotes: [start, end). Of a here-document, its lines. */
  readonly start: number;
  readonly end: number;
  /** What opens and closes it: `'` and `'`, `q{` and `}`; empty for a here-document. */
  readonly open: string;
  readonly close: string;
}

/** The places at some offsets, which must be in order. */
export function perlPlaces(text: string, offsets: readonly number[]): PerlPlace[] {
  const places = new PerlLexer(text);
  return offsets.map((offset) => places.at(offset));
}

/** Whether a line is documentation or behind the end of the program, whatever quotes seem to hold it. */
export function isPerlProse(text: string, offset: number): boolean {
  const before = text.slice(0, offset);
  if (/^__(?:END|DATA)__\s*$/m.test(before)) return true;
  const pod = before.lastIndexOf('\n=');
  return pod >= 0 && /^=[A-Za-z]/.test(before.slice(pod + 1)) && !before.startsWith('cut', pod + 2);
}

/**
 * Where a statement can be put so that it is compiled before all others: behind comments, and behind the lines by which a shell that runs
 * the script starts Perl (perlrun(1), "#! and quoting on non-Unix systems").
 */
export function firstPerlStatement(text: string): number {
  const leading = /(?:[ \t]*(?:#[^\n]*)?\r?\n)*/y;
  const forShells = /[ \t]*eval[ \t]*(?:'[^']*'|"[^"]*")[ \t\r\n]*if[^;\n]*;[^\n]*\n/y;
  let at = matchEnd(leading, text, 0);
  for (let next = matchEnd(forShells, text, at); next > at; next = matchEnd(forShells, text, at))
    at = matchEnd(leading, text, next);
  return at;
}

function matchEnd(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };
/** Words behind which a slash begins a pattern. */
const BEFORE_PATTERN =
  /^(?:split|grep|map|join|if|unless|and|or|not|return|x|push|unshift|while|until|eq|ne|lt|gt|le|ge|cmp)$/;
const QUOTE_WORD = /^(?:q|qq|qw|qx|m|qr|s|tr|y)$/;
const TOKEN =
  /[ \t\r]+|\n|#[^\n]*|[$@%&](?:::)?[A-Za-z_](?:\w|::)*|\$#?[^\s\w{]|\$#|->[ \t]*[A-Za-z_]\w*|[A-Za-z_]\w*|\d[\w.]*|<<~?(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z_]\w*)|=[A-Za-z]\w*|[^]/y;

class PerlLexer {
  readonly #text: string;
  readonly #heres: { readonly end: string; readonly isRaw: boolean }[] = [];
  #at = 0;
  #last = '';
  #current: PerlPlace = code(0, 0);

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): PerlPlace {
    while (this.#current.end <= offset && this.#at < this.#text.length) this.#step();
    return this.#current.end > offset ? this.#current : code(offset, this.#text.length);
  }

  #step(): void {
    const start = this.#at;
    TOKEN.lastIndex = start;
    const token = TOKEN.exec(this.#text)?.[0] ?? this.#text.charAt(start);
    if (token === '\n') return this.#newline();
    if (token.startsWith('#')) return this.#put('raw', start, start + token.length);
    if (token === "'" || token === '"' || token === '`')
      return this.#quoted(token === '`' ? 'raw' : token === "'" ? 'single' : 'double', start, start, token);
    if (token === '/' && this.#opensPattern()) return this.#pattern(start);
    if (/^<<./.test(token) && this.#opensHere(token)) return this.#take(token);
    if (QUOTE_WORD.test(token)) return this.#quoteWord(token, start);
    this.#take(/^(?:<<|=[A-Za-z])/.test(token) ? token.charAt(0) : token);
  }

  /** A token of code; blanks are not what came last. */
  #take(token: string): void {
    if (token.trim() !== '') this.#last = token;
    this.#put('code', this.#at, this.#at + token.length);
  }

  #put(quoting: PerlQuoting, start: number, end: number, open = '', close = ''): void {
    this.#current = { quoting, start, end, open, close };
    this.#at = end;
  }

  /** Behind a line: the here-documents that it announced, POD, or the end of the program. */
  #newline(): void {
    const start = this.#at + 1;
    const here = this.#heres.shift();
    if (here !== undefined) {
      const found = terminator(here.end).exec(this.#text.slice(start));
      const close = found === null ? this.#text.length : start + found.index + found[0].length;
      return this.#put(here.isRaw ? 'raw' : 'double', start, close);
    }
    const rest = this.#text.slice(start, start + 12);
    if (/^=[A-Za-z]/.test(rest)) {
      const cut = this.#text.indexOf('\n=cut', start);
      return this.#put('raw', start, cut < 0 ? this.#text.length : cut + '\n=cut'.length);
    }
    if (/^__(?:END|DATA)__\b/.test(rest)) return this.#put('raw', start, this.#text.length);
    this.#put('code', this.#at, start);
  }

  #quoted(quoting: PerlQuoting, start: number, delimiter: number, open: string): void {
    const close = CLOSING[this.#text.charAt(delimiter)] ?? this.#text.charAt(delimiter);
    const end = this.#closing(delimiter);
    this.#last = '"';
    this.#put(quoting, start, end, open, close);
  }

  /** The offset behind what closes the delimiter; brackets nest. */
  #closing(delimiter: number): number {
    const open = this.#text.charAt(delimiter);
    const close = CLOSING[open] ?? open;
    let depth = 1;
    for (let at = delimiter + 1; at < this.#text.length; at++) {
      const char = this.#text.charAt(at);
      if (char === '\\') at++;
      else if (char === close) depth--;
      else if (char === open) depth++;
      if (depth === 0) return at + 1;
    }
    return this.#text.length;
  }

  #opensPattern(): boolean {
    return /^[=(,~!&|?:{;[+*%<>^.-]?$/.test(this.#last) || BEFORE_PATTERN.test(this.#last);
  }

  /** A pattern ends on its line; else the slash divides. */
  #pattern(start: number): void {
    const end = this.#closing(start);
    if (this.#text.slice(start, end).includes('\n')) return this.#take('/');
    this.#last = '"';
    this.#put('raw', start, end);
  }

  /** A shift (`1 <<x`) is followed by no line that is the word alone. */
  #opensHere(token: string): boolean {
    const match = /^<<~?(["']?)(.*?)\1$/.exec(token);
    const end = match?.[2] ?? '';
    if (match === null || !terminator(end).test(this.#text.slice(this.#at))) return false;
    this.#heres.push({ end, isRaw: match[1] === "'" });
    return true;
  }

  /** `q{…}` and its kin; not the word as a name, a hash key or a method, nor `-s`. */
  #quoteWord(word: string, start: number): void {
    const after = /^[ \t]*/.exec(this.#text.slice(start + word.length, start + word.length + 80))?.[0].length ?? 0;
    const delimiter = start + word.length + after;
    const char = this.#text.charAt(delimiter);
    const isTest = word === 's' && this.#text.charAt(start - 1) === '-';
    const isName = isTest || this.#last === 'sub' || this.#last === '&' || (this.#last === '{' && char === '}');
    if (isName || /[\s\w;)=]/.test(char) || char === '' || (char === '#' && after > 0)) return this.#take(word);
    if (word === 'q' || word === 'qq')
      return this.#quoted(word === 'q' ? 'single' : 'double', start, delimiter, this.#text.slice(start, delimiter + 1));
    const first = this.#closing(delimiter);
    const end = /^(?:s|tr|y)$/.test(word) ? this.#secondPart(char, first) : first;
    this.#last = '"';
    this.#put('raw', start, end);
  }

  /** The end of what `s` and `tr` put in place. */
  #secondPart(open: string, end: number): number {
    if (CLOSING[open] === undefined) return this.#closing(end - 1);
    const blanks = /^\s*/.exec(this.#text.slice(end, end + 200))?.[0].length ?? 0;
    return this.#closing(end + blanks);
  }
}

function code(start: number, end: number): PerlPlace {
  return { quoting: 'code', start, end, open: '', close: '' };
}

/** The line that ends a here-document. */
function terminator(word: string): RegExp {
  return new RegExp(`^[ \\t]*${escapeRegExp(word)}\\r?$`, 'm');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
