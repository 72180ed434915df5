/** Where the string literals of a Python source are, without parsing it. Text is latin1: every index is a byte offset. */

export interface PythonString {
  /** The literal with its prefix and quotes: [start, end). */
  readonly start: number;
  readonly end: number;
  /** What stands between the quotes. */
  readonly contentStart: number;
  readonly contentEnd: number;
  /** `''`, `r`, `b`, `u`, `f`, `rb` …, lower case. */
  readonly prefix: string;
  readonly quote: "'" | '"' | "'''" | '"""';
}

/** All string literals, in order. Comments are skipped; a literal that does not end is left out. */
export function pythonStrings(text: string): PythonString[] {
  const strings: PythonString[] = [];
  const opening = /#[^\n]*|(?<![A-Za-z0-9_])([rRbBuUfFtT]{0,2})('''|"""|'|")/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const quote = quoteOf(match[2]);
    if (quote === null) continue;
    const contentStart = match.index + match[0].length;
    const contentEnd = closingQuote(text, contentStart, quote);
    if (contentEnd === null) continue;
    const end = contentEnd + quote.length;
    strings.push({ start: match.index, end, contentStart, contentEnd, prefix: (match[1] ?? '').toLowerCase(), quote });
    opening.lastIndex = end;
  }
  return strings;
}

/** Whether the first statement is a string literal: the module's docstring. */
export function hasDocstring(text: string): boolean {
  return /^(?:[ \t\f\r]*(?:#[^\n]*)?\n)*[rRuU]?['"]/.test(text);
}

/** PEP 263: a comment in one of the first two lines that names the encoding. */
export function isEncodingCookie(line: string): boolean {
  return /^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+/.test(line);
}

function quoteOf(text: string | undefined): PythonString['quote'] | null {
  return text === "'" || text === '"' || text === "'''" || text === '"""' ? text : null;
}

function closingQuote(text: string, from: number, quote: PythonString['quote']): number | null {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text.startsWith(quote, at)) return at;
    else if (quote.length === 1 && text[at] === '\n') return null;
  }
  return null;
}
