/** Every way in which a prefix may be written in a file: what the search looks for. */
import type { Escaping } from '../model/reference.ts';
import { encodeBytes, isValidText } from './byte-text.ts';
import { ESCAPINGS, escapePath, percentEncode } from './escaping.ts';

/** One way in which a prefix may be written. */
export interface WrittenForm {
  readonly bytes: Buffer;
  /** How to write another path in its place. */
  readonly escaping: Escaping;
}

/**
 * Every distinct way in which a path may be written, `plain` first. Forms that give the same bytes are listed once, under
 * the first escaping: what the context really is, the rules find out.
 */
export function writtenForms(path: string): WrittenForm[] {
  const forms: WrittenForm[] = [];
  const seen = new Set<string>();
  const add = (bytes: Buffer | null, escaping: Escaping): void => {
    const key = bytes?.toString('latin1');
    if (bytes === null || key === undefined || seen.has(key)) return;
    seen.add(key);
    forms.push({ bytes, escaping });
  };
  for (const escaping of ESCAPINGS) add(escapePath(path, escaping), escaping);
  for (const [text, escaping] of otherSpellings(path)) add(encodeBytes(text), escaping);
  for (const keep of OTHER_PERCENT_SETS) add(percentEncode(path, keep), 'percent');
  // encodeURIComponent leaves these, and forms write a space as `+` (URL Standard, application/x-www-form-urlencoded)
  add(percentEncode(path, /[A-Za-z0-9_.~!'()*-]/), 'percent-slash');
  for (const keep of [/[A-Za-z0-9_.*-]/, /[A-Za-z0-9_.~-]/])
    add(Buffer.from(percentEncode(path, keep).toString('latin1').replaceAll('%20', '+'), 'latin1'), 'percent-slash');
  for (const { bytes, escaping } of [...forms]) add(otherCase(bytes, escaping), escaping);
  return forms;
}

/**
 * Sets of characters that writers of URLs leave as they are: Python 2 and 3 (`quote`), the sub-delimiters of RFC 3986, the path set of the
 * URL Standard.
 */
const OTHER_PERCENT_SETS: readonly RegExp[] = [
  /[A-Za-z0-9_./-]/,
  /[A-Za-z0-9_.~/!$&'()*+,;=:@-]/,
  /[^ "#<>?`{}%\u0000-\u001f\u007f-\uffff]/,
  /[^ "#<>?`{}%^\u0000-\u001f\u007f-\uffff]/,
];

/** What real writers do differently from the encoders of this project. */
function otherSpellings(path: string): [string, Escaping][] {
  const json = (text: string): string => decodeOwn(text, 'json');
  const xml = isValidText(path) ? decodeOwn(path, 'xml') : path;
  return [
    // repr() escapes only the quote that it uses
    [path.replace(/[\\']/g, '\\$&'), 'python'],
    [path.replace(/[\\"]/g, '\\$&'), 'python'],
    [decodeOwn(path, 'python-ascii').replace(/\\(["'])/g, '$1'), 'python-ascii'],
    [decodeOwn(path, 'python-ascii').replaceAll('\\"', '"'), 'python-ascii'],
    [byteRepr(path), 'hex'],
    [byteRepr(path).replaceAll("'", "\\'"), 'hex'],
    // JSON that is safe inside HTML (Go, Rails, PHP JSON_HEX_*, .NET)
    [json(path).replace(/[<>&]/g, unicodeEscape), 'json'],
    [json(path).replace(/[<>&']/g, unicodeEscape), 'json'],
    [
      decodeOwn(path, 'json-ascii')
        .replaceAll('\\"', '"')
        .replace(/["<>&'`+]/g, unicodeEscape),
      'json-ascii',
    ],
    [path.replaceAll("'", `'\\''`), 'shell-single'],
    [path.replace(/[ "$&'()*;<>?[\\\]`{|}!#~]/g, '\\$&'), 'shell-bare'],
    [path.replace(/[ "$&'()*;<>?[\\\]`{|}!#~^=%,]/g, '\\$&'), 'shell-bare'],
    [path.replace(/[^\w/.\u0080-\uffff-]/g, '\\$&'), 'shell-bare'],
    [path.replace(/[ -]/g, '\\$&'), 'shell-bare'],
    [path.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'), 'xml'],
    [xml.replaceAll('&apos;', "'"), 'xml'],
    [xml.replaceAll('&apos;', '&#39;'), 'xml'],
    [xml.replaceAll('&apos;', '&#x27;'), 'xml'],
    [xml.replaceAll('&apos;', '&#39;').replaceAll('&quot;', '&#34;'), 'xml'],
    [xml.replace(/[^\u0000-\u007f]/gu, (char) => `&#${char.codePointAt(0)};`), 'xml'],
    [xml.replaceAll('/', '&#47;'), 'xml-slash'],
  ];
}

/** The text of one of this project's own spellings. */
function decodeOwn(path: string, escaping: Escaping): string {
  return escapePath(path, escaping)?.toString('utf8') ?? path;
}

/** Python's repr() of bytes (and of `str` in Python 2), without the escape of the quote. */
function byteRepr(path: string): string {
  let out = '';
  for (const byte of encodeBytes(path)) {
    const char = String.fromCharCode(byte);
    if (char === '\\') out += '\\\\';
    else if (byte >= 0x20 && byte < 0x7f) out += char;
    else out += BYTE_REPR_CONTROLS[char] ?? `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return out;
}

const BYTE_REPR_CONTROLS: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The same spelling with the hex digits of its escapes in the other case; null where it has none. */
function otherCase(bytes: Buffer, escaping: Escaping): Buffer | null {
  const text = bytes.toString('latin1');
  const swapped = HEX_ESCAPES[escaping];
  if (swapped === undefined) return null;
  return Buffer.from(
    text.replace(swapped, (_, lead: string, digits: string) => {
      const lower = digits.toLowerCase();
      return lead + (digits === lower ? digits.toUpperCase() : lower);
    }),
    'latin1',
  );
}

const HEX_ESCAPES: Readonly<Partial<Record<Escaping, RegExp>>> = {
  json: /(\\u)([0-9a-fA-F]{4})/g,
  'json-ascii': /(\\u)([0-9a-fA-F]{4})/g,
  'slash-ascii': /(\\u)([0-9a-fA-F]{4})/g,
  unicode: /(\\u)([0-9a-fA-F]{4})/g,
  hex: /(\\x)([0-9a-fA-F]{2})/g,
  percent: /(%)([0-9a-fA-F]{2})/g,
  'percent-slash': /(%)([0-9a-fA-F]{2})/g,
  xml: /(&#x)([0-9a-fA-F]+)/g,
  'xml-slash': /(&#x)([0-9a-fA-F]+)/g,
};
