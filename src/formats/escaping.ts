/** How a path is written inside other formats: one encoder for each `Escaping`. The decoders are in `unescape.ts`. */
import type { Escaping } from '../model/reference.ts';
import { encodeBytes, isValidText } from './byte-text.ts';
import { encodeWide } from './wide.ts';

export { unescapePath } from './unescape.ts';
export { unitWidth } from './wide.ts';

/**
 * Writes a path in an escaping. Returns null where the escaping cannot hold it (a name that is not UTF-8 in a wide string; a quote
 * between quotes that know no escapes).
 * @example escapePath('/a b', 'percent') is the bytes of '/a%20b'
 */
export function escapePath(path: string, escaping: Escaping): Buffer | null {
  return ENCODERS[escaping](path);
}

const ENCODERS: Readonly<Record<Escaping, (path: string) => Buffer | null>> = {
  plain: encodeBytes,
  json: (path) => encodeBytes(escapeStrays(escapeJson(path))),
  'json-ascii': (path) => encodeBytes(escapeUnits(escapeJson(path))),
  slash: (path) => encodeBytes(escapeStrays(escapeJson(path).replaceAll('/', '\\/'))),
  'slash-ascii': (path) => encodeBytes(escapeUnits(escapeJson(path).replaceAll('/', '\\/'))),
  unicode: (path) => encodeBytes(escapeUnits(escapeJson(path).replaceAll('/', '\\u002f'))),
  python: (path) => encodeBytes(escapeStrays(escapePython(path))),
  'python-ascii': (path) => encodeBytes(escapeCodePoints(escapePython(path))),
  hex: (path) => byBytes(path, /[\w./ ,:=+~%-]/, (byte) => `\\x${hex(byte, 2)}`),
  'single-quoted': (path) => encodeBytes(path.replace(/[\\']/g, '\\$&')),
  'quote-doubled': (path) => (CONTROLS.test(path) ? null : encodeBytes(path.replaceAll("'", "''"))),
  'shell-double': (path) => encodeBytes(path.replace(/[\\"$`]/g, '\\$&')),
  'shell-single': (path) => encodeBytes(path.replaceAll("'", `'"'"'`)),
  // `%` needs none for the shell, but a crontab ends its command at one that stands alone
  'shell-bare': (path) =>
    encodeBytes(path.replace(/[^A-Za-z0-9_@+=:,./\u0080-\uffff-]/g, (char) => (char === '\n' ? `'\n'` : `\\${char}`))),
  // in csh nothing is escaped inside "…" but `!`: the quotes are closed, and '…' holds what is special
  'csh-double': (path) =>
    CONTROLS.test(path) ? null : encodeBytes(path.replace(/["$`!]/g, (char) => (char === '!' ? '\\!' : `"'${char}'"`))),
  percent: (path) => percentEncode(path, /[A-Za-z0-9_.~/-]/),
  'percent-slash': (path) => percentEncode(path, /[A-Za-z0-9_.~-]/),
  xml: escapeXml,
  'xml-slash': (path) => escapeXml(path, '&#x2F;'),
  'dollar-doubled': (path) => (CONTROLS.test(path) ? null : encodeBytes(path.replaceAll('$', '$$$$'))),
  'percent-doubled': (path) => (CONTROLS.test(path) ? null : encodeBytes(path.replaceAll('%', '%%'))),
  literal: (path) => (/['"\\$`%]/.test(path) || CONTROLS.test(path) ? null : encodeBytes(path)),
  word: (path) => (/[\s"'\\$;{}()<>|&#*?[\]`!,%]/.test(path) || CONTROLS.test(path) ? null : encodeBytes(path)),
  ascii: (path) => (/^[\u0020-\u007e]*$/.test(path) ? encodeBytes(path) : null),
  'search-path': (path) => (/[:$]/.test(path) ? null : encodeBytes(path)),
  'utf-16le': (path) => encodeWide(path, 'utf-16le'),
  'utf-16be': (path) => encodeWide(path, 'utf-16be'),
  'utf-32le': (path) => encodeWide(path, 'utf-32le'),
  'utf-32be': (path) => encodeWide(path, 'utf-32be'),
};

/** Every escaping there is, in the order of preference for forms that give the same bytes. */
export const ESCAPINGS: readonly Escaping[] = Object.keys(ENCODERS) as Escaping[];

const CONTROLS = /[\u0000-\u001f\u007f]/;

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

function unicodeEscape(unit: string): string {
  return `\\u${hex(unit.charCodeAt(0), 4)}`;
}

/** A byte that is not UTF-8 can't stand in a document of UTF-8; as `\udcNN` Python gives the byte back (PEP 383). */
function escapeStrays(text: string): string {
  return isValidText(text) ? text : text.replace(/[\udc80-\udcff]/gu, unicodeEscape);
}

/** `\uNNNN` for every UTF-16 unit beyond ASCII, as JSON has it (RFC 8259, section 7). */
function escapeUnits(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, unicodeEscape);
}

/** `\xNN`, `\uNNNN`, `\UNNNNNNNN` for every code point beyond ASCII, as Python's ascii() has it. */
function escapeCodePoints(text: string): string {
  return text.replace(/[^\u0000-\u007f]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${hex(code, 2)}` : code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  });
}

function escapeJson(path: string): string {
  return path
    .replace(/["\\]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/[\u0000-\u001f]/g, unicodeEscape);
}

function escapePython(path: string): string {
  return path
    .replace(/[\\'"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}

/** XML 1.0 has no way to write other control characters, nor bytes that are not characters. */
function escapeXml(path: string, slash = '/'): Buffer | null {
  if (!isValidText(path) || /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(path)) return null;
  return encodeBytes(path.replace(/[&<>"'\n\r\t/]/g, (char) => (char === '/' ? slash : (XML_ESCAPES[char] ?? char))));
}

const XML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** `%NN` for every byte that `keep` does not match. */
export function percentEncode(path: string, keep: RegExp): Buffer {
  return byBytes(path, keep, (byte) => `%${hex(byte, 2).toUpperCase()}`);
}

function byBytes(path: string, keep: RegExp, escape: (byte: number) => string): Buffer {
  let out = '';
  for (const byte of encodeBytes(path)) {
    const char = String.fromCharCode(byte);
    out += byte < 0x80 && keep.test(char) ? char : escape(byte);
  }
  return Buffer.from(out, 'latin1');
}
