/** Follows strings and comments through a text, so that it is known how a path is written at its offsets. One pass, never back. */
import type { Escaping } from '../model/reference.ts';
import {
  LANGUAGES,
  pythonEscaping,
  type Comment,
  type Language,
  type LanguageName,
  type PythonSource,
  type Quote,
  type Segment,
} from './languages.ts';
import { shellPlaces, type ShellPlace } from './shell-text.ts';

/**
 * How a path is written at each of some offsets (sorted) of a text (latin1: index equals offset) in a language. Syntax errors do no
 * harm: the answer is a guess there.
 * @example escapingsAt('{"root": "/srv"}', [10], 'json') gives ['json']
 */
export function escapingsAt(
  text: string,
  offsets: readonly number[],
  language: LanguageName,
  source: PythonSource = 'utf-8',
): Escaping[] {
  if (language === 'shell') return shellPlaces(text, offsets).map(shellEscaping);
  const table = LANGUAGES[language];
  const segments = tableSegments(text, table, language === 'python' ? source : null);
  let current: Segment = { end: 0, escaping: 'plain' };
  return offsets.map((offset) => {
    while (current.end <= offset) {
      const next = segments.next();
      current = next.done === true ? { end: Infinity, escaping: 'plain' } : next.value;
    }
    return (current.escaping === table.bare && quoteBefore(text, offset, table.quotes)) || current.escaping;
  });
}

function shellEscaping({ quoting, within }: ShellPlace): Escaping {
  if (quoting !== 'other') return `shell-${quoting}`;
  return within === null ? 'plain' : SHELL_ESCAPINGS[within];
}

const SHELL_ESCAPINGS: Readonly<Record<NonNullable<ShellPlace['within']>, Escaping>> = {
  comment: 'plain',
  // only `\\`, `$` and the backquote are special there, so a quote would keep its backslash
  here: 'literal',
  'here-raw': 'plain',
  ansi: 'python',
  backquote: 'shell-bare',
};

/** A path right behind a quote stands in a string, whatever the pass made of what came before (a quote in a regular expression). */
function quoteBefore(text: string, offset: number, quotes: readonly Quote[]): Escaping | undefined {
  return quotes.find(({ open }) => open.length === 1 && text.charAt(offset - 1) === open)?.escaping;
}

function* tableSegments(text: string, language: Language, python: PythonSource | null): Generator<Segment, void> {
  const openers = [...language.quotes, ...language.comments];
  if (openers.length === 0) return yield { end: Infinity, escaping: language.bare };
  const pattern = new RegExp(openers.map(({ open }) => escapeRegExp(open)).join('|'), 'g');
  for (let at = 0; at < text.length;) {
    const start = nextOpening(text, at, pattern, language);
    yield { end: start, escaping: language.bare };
    const quote = language.quotes.find(({ open }) => text.startsWith(open, start));
    const comment = language.comments.find(({ open }) => text.startsWith(open, start));
    if (quote !== undefined) {
      at = endOfString(text, start, quote);
      yield {
        end: at,
        escaping: python === null ? quote.escaping : pythonEscaping(lettersBefore(text, start), python),
      };
    } else {
      at = comment === undefined ? text.length : endOfComment(text, start, comment);
      yield { end: at, escaping: 'plain' };
    }
  }
}

/** The next place where a string or comment opens; the end of the text where none does. */
function nextOpening(text: string, from: number, pattern: RegExp, { opens }: Language): number {
  pattern.lastIndex = from;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text))
    if (opens === 'anywhere' || match.index === 0 || !/\w/.test(text.charAt(match.index - 1))) return match.index;
  return text.length;
}

function endOfString(text: string, start: number, quote: Quote): number {
  const { open, close } = quote;
  const stop = STOPS.get(quote) ?? stopOf(quote);
  STOPS.set(quote, stop);
  stop.lastIndex = start + open.length;
  for (let match = stop.exec(text); match !== null; match = stop.exec(text)) {
    if (match[0] === close || match[0] === '\n') return match.index + match[0].length;
  }
  return text.length;
}

const STOPS = new Map<Quote, RegExp>();

/** What ends a string, or must be stepped over so that it does not. */
function stopOf({ close, escape, lines }: Quote): RegExp {
  const mark = escapeRegExp(close);
  const skipped = { backslash: '\\\\[^]|', doubled: `${mark}${mark}|`, none: '' }[escape];
  return new RegExp(`${skipped}${mark}${lines === 'one' ? '|\\n' : ''}`, 'g');
}

function endOfComment(text: string, start: number, { open, close }: Comment): number {
  const end = text.indexOf(close, start + open.length);
  return end < 0 ? text.length : end + close.length;
}

function lettersBefore(text: string, quote: number): string {
  return /(?:^|[^\w])([A-Za-z]{1,2})$/.exec(text.slice(Math.max(0, quote - 3), quote))?.[1] ?? '';
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
