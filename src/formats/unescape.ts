/** Undoes an escaping, for showing and resolving what was found: one decoder for each `Escaping`. */
import type { Escaping } from '../model/reference.ts';
import { decodeBytes } from './byte-text.ts';
import { decodeWide } from './wide.ts';

/** Reads a written path. Bytes that are no valid escape stay as they are; never fails. */
export function unescapePath(bytes: Buffer, escaping: Escaping): string {
  return DECODERS[escaping](bytes);
}

const DECODERS: Readonly<Record<Escaping, (bytes: Buffer) => string>> = {
  plain: decodeBytes,
  literal: decodeBytes,
  word: decodeBytes,
  ascii: decodeBytes,
  'search-path': decodeBytes,
  json: unescapeBackslashes,
  'json-ascii': unescapeBackslashes,
  slash: unescapeBackslashes,
  'slash-ascii': unescapeBackslashes,
  unicode: unescapeBackslashes,
  python: unescapeBackslashes,
  'python-ascii': unescapeBackslashes,
  hex: unescapeHex,
  'single-quoted': (bytes) => decodeBytes(bytes).replace(/\\([\\'])/g, '$1'),
  'quote-doubled': (bytes) => decodeBytes(bytes).replaceAll("''", "'"),
  'shell-double': (bytes) => decodeBytes(bytes).replace(/\\([\\"$`])/g, '$1'),
  'shell-single': (bytes) => decodeBytes(bytes).replace(/'"'"'|'\\''/g, "'"),
  'shell-bare': (bytes) =>
    decodeBytes(bytes).replace(
      /\\(.)|'([^']*)'/gs,
      (_, char: string | undefined, quoted: string | undefined) => char ?? quoted ?? '',
    ),
  'csh-double': (bytes) => decodeBytes(bytes).replace(/"'(["$`])'"|\\(!)/g, '$1$2'),
  percent: unescapePercent,
  'percent-slash': unescapePercent,
  xml: unescapeXml,
  'xml-slash': unescapeXml,
  'dollar-doubled': (bytes) => decodeBytes(bytes).replaceAll('$$', '$'),
  'percent-doubled': (bytes) => decodeBytes(bytes).replaceAll('%%', '%'),
  'utf-16le': (bytes) => decodeWide(bytes, 'utf-16le'),
  'utf-16be': (bytes) => decodeWide(bytes, 'utf-16be'),
  'utf-32le': (bytes) => decodeWide(bytes, 'utf-32le'),
  'utf-32be': (bytes) => decodeWide(bytes, 'utf-32be'),
};

const BACKSLASH = /\\(?:u([0-9a-fA-F]{4})|U(00[01][0-9a-fA-F]{5})|x([0-9a-fA-F]{2})|([\s\S]))/g;
const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const XML_NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The escapes of JSON, Python and C that can stand in a path; `\c` of any other character is the character. */
function unescapeBackslashes(bytes: Buffer): string {
  return decodeBytes(bytes).replace(BACKSLASH, (_, unit?: string, point?: string, byte?: string, char?: string) => {
    const digits = unit ?? point ?? byte;
    return digits === undefined ? (CONTROLS[char ?? ''] ?? char ?? '') : character(digits);
  });
}

/** As above, but `\xNN` is a byte and not a character. */
function unescapeHex(bytes: Buffer): string {
  const raw = bytes
    .toString('latin1')
    .replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, byte?: string, char?: string) => {
      return byte === undefined ? (CONTROLS[char ?? ''] ?? char ?? '') : character(byte);
    });
  return decodeBytes(Buffer.from(raw, 'latin1'));
}

function unescapePercent(bytes: Buffer): string {
  const raw = bytes.toString('latin1').replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => character(digits));
  return decodeBytes(Buffer.from(raw, 'latin1'));
}

function unescapeXml(bytes: Buffer): string {
  return decodeBytes(bytes).replace(
    /&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|(amp|lt|gt|quot|apos));/g,
    (whole, digits?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return XML_NAMES[name] ?? whole;
      return digits !== undefined ? character(digits) : character(Number(decimal).toString(16));
    },
  );
}

/** The character of a code in hex digits; U+FFFD where there is none. */
function character(digits: string): string {
  const code = Number.parseInt(digits, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}
