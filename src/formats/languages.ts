/** How strings and comments are written in the languages that configuration and programs are written in: data, no code. */
import type { Escaping } from '../model/reference.ts';

/** A string that begins at `open` and ends at `close`. */
export interface Quote {
  readonly open: string;
  readonly close: string;
  /** What makes a `close` inside not end the string. */
  readonly escape: 'backslash' | 'doubled' | 'none';
  /** Whether it may hold line ends; where it may not, a line end closes it (an apostrophe in prose). */
  readonly lines: 'one' | 'many';
  /** How a path is written between the quotes. */
  readonly escaping: Escaping;
}

export interface Comment {
  readonly open: string;
  readonly close: string;
}

export interface Language {
  readonly quotes: readonly Quote[];
  readonly comments: readonly Comment[];
  /** How a path is written outside all quotes and comments. */
  readonly bare: Escaping;
  /** Where a quote counts: `token` only where no word goes on before it, so that `don't` opens nothing. */
  readonly opens: 'anywhere' | 'token';
}

/** Languages that a table describes. */
export type TableLanguage =
  | 'plain'
  | 'json'
  | 'c-like'
  | 'python'
  | 'yaml'
  | 'toml'
  | 'xml'
  | 'php'
  | 'perl'
  | 'fish'
  | 'csh'
  | 'desktop'
  | 'sql'
  | 'properties'
  | 'make'
  | 'conf';

/** A POSIX shell nests its quotes: shell-text.ts follows them. */
export type LanguageName = TableLanguage | 'shell';

/** A stretch of text, up to `end`, in which paths are written alike. */
export interface Segment {
  readonly end: number;
  readonly escaping: Escaping;
}

const HASH: Comment = { open: '#', close: '\n' };
const SLASHES: Comment = { open: '//', close: '\n' };
const STARS: Comment = { open: '/*', close: '*/' };

function quote(mark: string, escaping: Escaping, options: Partial<Quote> = {}): Quote {
  return { open: mark, close: mark, escape: 'backslash', lines: 'one', escaping, ...options };
}

const JSON_QUOTE = quote('"', 'json');
const MANY_LINES = { lines: 'many' } as const;

/** JavaScript, TypeScript, C and its kin. */
const C_LIKE: Language = {
  quotes: [JSON_QUOTE, quote("'", 'python'), quote('`', 'shell-double', MANY_LINES)],
  comments: [SLASHES, STARS],
  bare: 'plain',
  opens: 'anywhere',
};

/** Lists of words, split at blanks, in which no blank can be written: `qw(…)` in Perl, `%w[…]` in Ruby. */
const WORD_LISTS: readonly Quote[] = ['qw', 'qw ', '%w', '%W'].flatMap((name) =>
  ['()', '[]', '{}', '<>', '||', '!!'].map(([open = '', close = '']) =>
    quote(close, 'word', { open: `${name}${open}`, ...MANY_LINES }),
  ),
);

export const LANGUAGES: Readonly<Record<TableLanguage, Language>> = {
  plain: { quotes: [], comments: [], bare: 'plain', opens: 'anywhere' },
  json: { quotes: [JSON_QUOTE], comments: [], bare: 'plain', opens: 'anywhere' },
  'c-like': C_LIKE,
  python: {
    // the letters before a quote (`rb`) may change the escaping: see pythonEscaping
    quotes: [
      quote('"""', 'python', MANY_LINES),
      quote("'''", 'python', MANY_LINES),
      quote('"', 'python'),
      quote("'", 'python'),
    ],
    comments: [HASH],
    bare: 'plain',
    opens: 'anywhere',
  },
  yaml: {
    quotes: [quote('"', 'json', MANY_LINES), quote("'", 'quote-doubled', { escape: 'doubled', ...MANY_LINES })],
    comments: [HASH],
    bare: 'plain',
    opens: 'token',
  },
  toml: {
    quotes: [
      quote('"""', 'json', MANY_LINES),
      quote("'''", 'literal', { escape: 'none', ...MANY_LINES }),
      JSON_QUOTE,
      quote("'", 'literal', { escape: 'none' }),
    ],
    comments: [HASH],
    bare: 'plain',
    opens: 'anywhere',
  },
  xml: {
    quotes: [{ open: '<![CDATA[', close: ']]>', escape: 'none', lines: 'many', escaping: 'plain' }],
    comments: [{ open: '<!--', close: '-->' }],
    bare: 'xml',
    opens: 'anywhere',
  },
  php: {
    quotes: [quote("'", 'single-quoted', MANY_LINES), quote('"', 'hex', MANY_LINES)],
    comments: [HASH, SLASHES, STARS],
    bare: 'plain',
    opens: 'anywhere',
  },
  /** Perl and Ruby: `$`, `@` and `#{` are special between double quotes. */
  perl: {
    quotes: [...WORD_LISTS, quote("'", 'single-quoted', MANY_LINES), quote('"', 'hex', MANY_LINES)],
    comments: [HASH],
    bare: 'plain',
    opens: 'token',
  },
  fish: {
    quotes: [quote("'", 'single-quoted', MANY_LINES), quote('"', 'shell-double', MANY_LINES)],
    comments: [HASH],
    bare: 'shell-bare',
    opens: 'anywhere',
  },
  /** csh and tcsh: a backslash is an escape outside of quotes alone. */
  csh: {
    quotes: [quote("'", 'shell-single', { escape: 'none' }), quote('"', 'csh-double', { escape: 'none' })],
    comments: [HASH],
    bare: 'shell-bare',
    opens: 'token',
  },
  /**
   * Desktop entries and services of D-Bus: `Exec` is split into words, everything else is one text (Desktop Entry Specification,
   * "The Exec key"). Its escapes are two layers deep, and D-Bus has others: none is written.
   */
  desktop: {
    quotes: [
      quote('"', 'literal', { open: 'Exec="', escape: 'none' }),
      quote('\n', 'word', { open: 'Exec=', escape: 'none' }),
    ],
    comments: [HASH],
    bare: 'plain',
    opens: 'token',
  },
  sql: {
    quotes: [quote("'", 'quote-doubled', { escape: 'doubled', ...MANY_LINES })],
    comments: [{ open: '--', close: '\n' }, STARS],
    bare: 'plain',
    opens: 'anywhere',
  },
  /** Java's property files: escapes as in JSON, without quotes; read as Latin-1 before Java 9. */
  properties: { quotes: [], comments: [], bare: 'json-ascii', opens: 'anywhere' },
  /** nginx, Apache, logrotate, systemd's lists: words, which may be quoted whole. What a backslash does differs: none is written. */
  conf: {
    quotes: [quote('"', 'literal'), quote("'", 'literal')],
    comments: [HASH],
    bare: 'word',
    opens: 'token',
  },
  make: { quotes: [], comments: [HASH], bare: 'dollar-doubled', opens: 'anywhere' },
};

/** What a Python source may hold as raw bytes: UTF-8, another declared encoding, or (Python 2 without a cookie) ASCII alone. */
export type PythonSource = 'utf-8' | 'other' | 'python2';

/** The escaping inside a Python literal with these letters before its quote (Python Language Reference, 2.4.1). */
export function pythonEscaping(letters: string, source: PythonSource): Escaping {
  if (/r/i.test(letters)) return 'literal';
  if (/b/i.test(letters)) return 'hex';
  if (source === 'utf-8') return 'python';
  return source === 'python2' && !/u/i.test(letters) ? 'hex' : 'python-ascii';
}
