/**
 * How a place in a POSIX shell script (sh, bash, zsh, ksh) is quoted, and whether it stands in an assignment. Text is latin1: every
 * index is a byte offset. A lexer only (POSIX XCU 2.2, 2.3, 2.7.4): it knows words, not commands.
 */

/** `other`: a comment, a here-document, `$'…'`, or a command in backquotes, where other rules hold. */
export type ShellQuoting = 'bare' | 'double' | 'single' | 'other';

export interface ShellPlace {
  readonly quoting: ShellQuoting;
  /** The opening quote around the place; -1 where none is. */
  readonly quoteStart: number;
  /** Whether a word around the place is an assignment: `NAME=…`. */
  readonly isAssigned: boolean;
  /** What a place whose quoting is `other` stands in; `here-raw` is a here-document without expansions. Null for all others. */
  readonly within: 'comment' | 'here' | 'here-raw' | 'ansi' | 'backquote' | null;
}

type FrameKind = 'code' | 'double' | 'single' | 'ansi' | 'backquote' | 'braces' | 'comment' | 'here';

interface Frame {
  readonly kind: FrameKind;
  readonly start: number;
  /** Of code: the start of the word at hand, -1 between words; and how many `(` are open. */
  word: number;
  open: number;
}

interface HereDocument {
  readonly end: string;
  readonly stripsTabs: boolean;
  readonly isRaw: boolean;
}

/** The places at some offsets, which must be in order. */
export function shellPlaces(text: string, offsets: readonly number[]): ShellPlace[] {
  const lexer = new ShellLexer(text);
  return offsets.map((offset) => lexer.placeAt(offset));
}

/** Where a command can be put so that it runs before all others: behind the comments and empty lines at the start. */
export function firstCommand(text: string): number {
  return /^(?:[ \t]*(?:#[^\n]*)?\n)*/.exec(text)?.[0].length ?? 0;
}

/** The bodies of functions, [start, end): what stands there runs later. Found by the brace that closes on the indent of the name. */
export function functionBodies(text: string): (readonly [number, number])[] {
  const bodies: (readonly [number, number])[] = [];
  for (const match of text.matchAll(
    /^([ \t]*)(?:function[ \t]+[^\s()]+(?:[ \t]*\(\))?|[^\s()=;#"'$]+[ \t]*\([ \t]*\))[ \t]*\n?[ \t]*[{(].*$/gm,
  )) {
    const end = match.index + match[0].length;
    if (/[})][ \t;]*$/.test(match[0])) bodies.push([match.index, end]);
    else bodies.push([match.index, closingLine(text, end, match[1] ?? '')]);
  }
  return bodies;
}

function closingLine(text: string, from: number, indent: string): number {
  const close = new RegExp(`\\n${indent}[})]`, 'g');
  close.lastIndex = from;
  return close.exec(text)?.index ?? text.length;
}

class ShellLexer {
  readonly #text: string;
  readonly #frames: Frame[] = [{ kind: 'code', start: 0, word: -1, open: 0 }];
  readonly #here: HereDocument[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  placeAt(offset: number): ShellPlace {
    while (this.#at < offset) this.#step(offset);
    const top = this.#top;
    const isAssigned = this.#frames.some(
      ({ kind, word }) => kind === 'code' && word >= 0 && /^[A-Za-z_]\w*\+?=/.test(this.#text.slice(word, word + 200)),
    );
    return { ...this.#quoting(top), isAssigned };
  }

  #quoting(top: Frame): Pick<ShellPlace, 'quoting' | 'quoteStart' | 'within'> {
    const within = this.#hiding();
    if (within !== null || this.#at > this.#text.length) return { quoting: 'other', quoteStart: -1, within };
    if (top.kind === 'single' || top.kind === 'double') return { quoting: top.kind, quoteStart: top.start, within };
    // `"${X:-/srv}"`: braces take the quotes around them
    const around = top.kind === 'braces' ? this.#frames.at(-2)?.kind : undefined;
    return { quoting: around === 'double' ? 'double' : 'bare', quoteStart: -1, within };
  }

  #hiding(): ShellPlace['within'] {
    for (const { kind } of this.#frames) {
      if (kind === 'here') return this.#here[0]?.isRaw === true ? 'here-raw' : 'here';
      if (kind === 'backquote' || kind === 'comment' || kind === 'ansi') return kind;
    }
    return null;
  }

  get #top(): Frame {
    return this.#frames.at(-1) ?? { kind: 'code', start: 0, word: -1, open: 0 };
  }

  #push(kind: FrameKind, length: number): void {
    this.#frames.push({ kind, start: this.#at, word: -1, open: 0 });
    this.#at += length;
  }

  #pop(): void {
    if (this.#frames.length > 1) this.#frames.pop();
    this.#at += 1;
  }

  /** Goes on by one token, or into or out of a frame; never beyond `limit` inside what hides its content. */
  #step(limit: number): void {
    const char = this.#text[this.#at] ?? '';
    switch (this.#top.kind) {
      case 'single':
        return char === "'" ? this.#pop() : this.#skip(1);
      case 'ansi':
        return char === '\\' ? this.#skip(2) : char === "'" ? this.#pop() : this.#skip(1);
      case 'comment':
        return char === '\n' ? this.#endComment() : this.#skip(1);
      case 'here':
        return this.#hereLine(limit);
      case 'double':
        return char === '"' ? this.#pop() : this.#expansion(char);
      case 'braces':
        return this.#inBraces(char);
      case 'code':
      case 'backquote':
        return this.#inCode(char);
    }
  }

  #skip(length: number): void {
    this.#at += length;
  }

  #endComment(): void {
    this.#frames.pop();
  }

  /** What begins in double quotes and outside them alike. */
  #expansion(char: string): void {
    if (char === '\\') this.#skip(2);
    else if (this.#text.startsWith('$((', this.#at)) this.#arithmetic();
    else if (this.#text.startsWith('$(', this.#at)) this.#push('code', 2);
    else if (this.#text.startsWith('${', this.#at)) this.#push('braces', 2);
    else if (char === '`') this.#push('backquote', 1);
    else this.#skip(1);
  }

  /** `$((1 << n))`, in which `<<` is no here-document. */
  #arithmetic(): void {
    const match = /^\$\(\((?:[^()]|\([^()]*\))*\)\)/.exec(this.#text.slice(this.#at, this.#at + 200));
    if (match === null) this.#push('code', 2);
    else this.#skip(match[0].length);
  }

  #inBraces(char: string): void {
    const isQuoted = this.#frames.at(-2)?.kind === 'double';
    if (char === '}') this.#pop();
    else if (char === '"') this.#push('double', 1);
    else if (char === "'" && !isQuoted) this.#push('single', 1);
    else this.#expansion(char);
  }

  #inCode(char: string): void {
    const top = this.#top;
    if (char === '`' && top.kind === 'backquote') return this.#pop();
    if (char === '#' && top.word < 0) return this.#push('comment', 1);
    if (char === '\n') return this.#newline(top);
    if (this.#text.startsWith('<<', this.#at)) return this.#redirection(top);
    if (/[ \t;&|<>()]/.test(char)) return this.#separator(top, char);
    if (top.word < 0) top.word = this.#at;
    if (char === "'") this.#push('single', 1);
    else if (char === '"') this.#push('double', 1);
    else if (this.#text.startsWith("$'", this.#at)) this.#push('ansi', 2);
    else this.#expansion(char);
  }

  #separator(top: Frame, char: string): void {
    top.word = -1;
    if (char === '(') top.open += 1;
    if (char === ')' && top.open > 0) top.open -= 1;
    else if (char === ')' && this.#frames.length > 1 && top.kind === 'code') return this.#pop();
    this.#skip(1);
  }

  #newline(top: Frame): void {
    top.word = -1;
    if (this.#here.length > 0) this.#push('here', 1);
    else this.#skip(1);
  }

  /** `<<END`, `<<-'END'`; `<<<` is a word like others. */
  #redirection(top: Frame): void {
    top.word = -1;
    const match = /^<<(?!<)(-?)[ \t]*(?:'([^']*)'|"([^"]*)"|\\?([^\s;&|<>()'"]+))/.exec(
      this.#text.slice(this.#at, this.#at + 200),
    );
    if (match === null) return this.#skip(this.#text.startsWith('<<<', this.#at) ? 3 : 2);
    const isRaw = match[4] === undefined || match[0].includes('\\');
    this.#here.push({ stripsTabs: match[1] === '-', end: match[2] ?? match[3] ?? match[4] ?? '', isRaw });
    this.#skip(match[0].length);
  }

  /** One line of the here-documents that wait. */
  #hereLine(limit: number): void {
    const newline = this.#text.indexOf('\n', this.#at);
    const end = newline < 0 ? this.#text.length : newline;
    if (limit <= end) return this.#skip(limit - this.#at);
    const [waiting] = this.#here;
    const line = this.#text.slice(this.#at, end);
    if (waiting !== undefined && (waiting.stripsTabs ? line.replace(/^\t+/, '') : line) === waiting.end)
      this.#here.shift();
    if (this.#here.length === 0) this.#frames.pop();
    this.#at = end + 1;
  }
}
