/** The line of a text around an offset. */

export interface Line {
  readonly start: number;
  /** Offset of the line feed, or of the end of the text. */
  readonly end: number;
  /** Without the line feed; a carriage return before it stays. */
  readonly text: string;
}

/** The line that holds `offset`. `text` is latin1: index equals offset. */
export function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const newline = text.indexOf('\n', offset);
  const end = newline < 0 ? text.length : newline;
  return { start, end, text: text.slice(start, end) };
}
