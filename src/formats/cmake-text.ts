/**
 * What a place in a CMake script is: an argument, in which variables are expanded, or text that is taken as it stands. Text is latin1:
 * every index is a byte offset. Source: cmake-language(7), "Syntax".
 */

/** `raw`: a comment or a bracket argument (`[[…]]`). */
export type CMakeQuoting = 'quoted' | 'unquoted' | 'raw';

export interface CMakePlace {
  readonly quoting: CMakeQuoting;
  /** In the body of a function or macro, which runs later, in the scope of its caller. */
  readonly isDeferred: boolean;
}

/** The places at some offsets, which must be in order. */
export function cmakePlaces(text: string, offsets: readonly number[]): CMakePlace[] {
  const segments = cmakeSegments(text);
  let current: Segment = { end: 0, quoting: 'unquoted', depth: 0 };
  return offsets.map((offset) => {
    while (current.end <= offset) {
      const next = segments.next();
      current = next.done === true ? { end: Infinity, quoting: 'raw', depth: 0 } : next.value;
    }
    return { quoting: current.quoting, isDeferred: current.depth > 0 };
  });
}

/** Where the first command is: behind the comments and empty lines at the start. */
export function firstCMakeCommand(text: string): number {
  return /^(?:\xef\xbb\xbf)?(?:[ \t]*(?:#(?!\[=*\[)[^\n]*)?\n)*/.exec(text)?.[0].length ?? 0;
}

interface Segment {
  readonly end: number;
  readonly quoting: CMakeQuoting;
  /** How many bodies are open around it. */
  readonly depth: number;
}

const TOKENS = /\\[^]|#?\[(=*)\[|#|"|\b(end)?(?:function|macro)[ \t]*\(/gi;

function* cmakeSegments(text: string): Generator<Segment, void> {
  const tokens = new RegExp(TOKENS);
  let depth = 0;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    const [open, equals, end] = token;
    const start = token.index;
    if (open.startsWith('\\')) continue;
    if (open.endsWith('(')) {
      yield { end: start, quoting: 'unquoted', depth };
      depth = Math.max(0, depth + (end === undefined ? 1 : -1));
      continue;
    }
    const close = closing(text, start + open.length, open, equals);
    yield { end: start, quoting: 'unquoted', depth };
    yield { end: close, quoting: open === '"' ? 'quoted' : 'raw', depth };
    tokens.lastIndex = close;
  }
  yield { end: Infinity, quoting: 'unquoted', depth };
}

/** The offset behind what closes a comment, a quoted or a bracket argument; the end of the text where nothing does. */
function closing(text: string, from: number, open: string, equals: string | undefined): number {
  const close = open === '#' ? '\n' : open === '"' ? '"' : `]${equals ?? ''}]`;
  let at = text.indexOf(close, from);
  while (open === '"' && at >= 0 && isEscaped(text, at)) at = text.indexOf(close, at + 1);
  return at < 0 ? text.length : at + close.length;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}
