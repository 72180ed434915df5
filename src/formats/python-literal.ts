/** Finds the string literal of Python source around an offset. Source: The Python Language Reference, 2.5 Literals. */

export interface Literal {
  /** Offset of the opening quote. */
  readonly start: number;
  /** Offset behind the closing quote. */
  readonly end: number;
  readonly content: { readonly start: number; readonly end: number };
  /** `r` stands before it: backslashes are themselves. */
  readonly isRaw: boolean;
  /**
   * It stands alone between `, : ( [ { =` and `, ) ] }`, so that any expression may take its place. Not so: a key (`:` follows), one of
   * several adjacent literals, a literal with a prefix (r, b, f), a docstring.
   */
  readonly isOperand: boolean;
}

/**
 * The one-line literal in '…' or "…" that holds `offset`; null where there is none. `text` is latin1: index equals offset. Reads the line
 * from its start, so a line inside a triple-quoted string is misread; generated files have none around paths.
 */
export function literalAround(text: string, offset: number): Literal | null {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  for (let at = lineStart; at < offset; at++) {
    const quote = text[at];
    if (quote === '#') return null;
    if (quote !== "'" && quote !== '"') continue;
    const close = closingQuote(text, at + 1, quote);
    if (close < 0) return null;
    if (offset > close) {
      at = close;
      continue;
    }
    const isRaw = /(?:^|\W)(?:[bfu]?r|r[bf])$/i.test(text.slice(Math.max(0, at - 3), at));
    return {
      start: at,
      end: close + 1,
      content: { start: at + 1, end: close },
      isRaw,
      isOperand: isOperand(text, at, close + 1),
    };
  }
  return null;
}

function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

function isOperand(text: string, start: number, end: number): boolean {
  return (
    /[,:([{=]$/.test(text.slice(Math.max(0, start - 64), start).trimEnd()) &&
    /^[ \t]*[,)\]}]/.test(text.slice(end, end + 64))
  );
}
