/**
 * One character of a path as it stands in a file, read forwards or backwards: a byte, a UTF-8 sequence, a wide unit, or an escape
 * (`\/`, `\ `, `\u00e9`, `\xe9`, `%C3`, `&#233;`). A path may be written in several ways in one file, so all escapes are known everywhere.
 */
import type { Escaping } from '../model/reference.ts';
import { sequenceLength } from './byte-text.ts';
import { isWide, unitWidth, wideUnitAt } from './wide.ts';

/** What a unit means for a path. `letter` goes on with a name; `invalid` is a byte that is no UTF-8; `other` can't stand in a name. */
export type UnitKind = 'letter' | 'dot' | 'slash' | 'dollar' | 'colon' | 'invalid' | 'other';

export interface PathUnit {
  readonly kind: UnitKind;
  /** The code point (of an escape: what it stands for); -1 for an invalid byte. */
  readonly code: number;
  /** Bytes that it takes. */
  readonly length: number;
}

/** The longest escape: `\U0001F600`. */
export const LONGEST_UNIT = 10;

/** The unit at an offset; null at or beyond `limit`. */
export function unitAt(bytes: Buffer, at: number, limit: number, escaping: Escaping): PathUnit | null {
  if (isWide(escaping)) {
    const width = unitWidth(escaping);
    return at + width > limit ? null : unit(wideUnitAt(bytes, at, escaping), width);
  }
  if (at >= limit) return null;
  const byte = bytes[at] ?? 0;
  if (byte === BACKSLASH || byte === PERCENT || byte === AMPERSAND) {
    const text = bytes.toString('latin1', at, Math.min(limit, at + LONGEST_UNIT));
    return escapedUnit(text, AHEAD) ?? unit(byte, 1);
  }
  if (byte < 0x80) return unit(byte, 1);
  const length = sequenceLength(bytes, at);
  return length < 2 || at + length > limit
    ? INVALID
    : unit(bytes.toString('utf8', at, at + length).codePointAt(0) ?? 0, length);
}

/** The unit that ends just before an offset; null where that is at or before `floor`. */
export function unitBefore(bytes: Buffer, end: number, floor: number, escaping: Escaping): PathUnit | null {
  if (isWide(escaping)) {
    const width = unitWidth(escaping);
    return end - width < floor ? null : unit(wideUnitAt(bytes, end - width, escaping), width);
  }
  if (end <= floor) return null;
  const byte = bytes[end - 1] ?? 0;
  if (byte >= 0x80) return sequenceBefore(bytes, end, floor);
  const from = Math.max(floor, end - LONGEST_UNIT);
  if (!holdsEscape(bytes, from, end)) return unit(byte, 1);
  const text = bytes.toString('latin1', from, end);
  return escapedUnit(text, isPercent(escaping) ? BEHIND_PERCENT : BEHIND) ?? unit(byte, 1);
}

function holdsEscape(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at++) {
    const byte = bytes[at];
    if (byte === BACKSLASH || byte === PERCENT || byte === AMPERSAND) return true;
  }
  return false;
}

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const AMPERSAND = 0x26;
const SPACE = 0x20;
/** An escaped space is part of a name: it is given the code of a no-name character that counts as a letter. */
const ESCAPED_SPACE = 0xfffd;
const INVALID: PathUnit = { kind: 'invalid', code: -1, length: 1 };

/** Escapes by what they hold: digits in hex (1), octal (2) or decimal (3), a control (4), or the character itself (5). */
const ESCAPE = String.raw`\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})|&#[xX]([0-9a-fA-F]{1,6});`;
const OTHERS = String.raw`|\\([0-7]{3})|&#([0-9]{1,7});|\\([abefnrtv0])|\\([/ $~@%.+_-])`;
const PERCENT_ESCAPE = '|%([0-9a-fA-F]{2})';
const AHEAD = new RegExp(`^(?:${ESCAPE}${PERCENT_ESCAPE}${OTHERS})`);
const BEHIND = new RegExp(`(?:${ESCAPE}|((?!))${OTHERS})$`);
const BEHIND_PERCENT = new RegExp(`(?:${ESCAPE}${PERCENT_ESCAPE}${OTHERS})$`);

function escapedUnit(text: string, pattern: RegExp): PathUnit | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [whole, unicode, long, byte, entity, percent, octal, decimal, control, char] = match;
  const length = whole.length;
  if (control !== undefined) return unit(0x0a, length);
  if (char !== undefined) return unit(char === ' ' ? ESCAPED_SPACE : char.charCodeAt(0), length);
  const digits = unicode ?? long ?? byte ?? entity ?? percent;
  const code =
    digits !== undefined
      ? Number.parseInt(digits, 16)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : Number(decimal);
  return unit(code === SPACE && percent !== undefined ? ESCAPED_SPACE : code, length);
}

function isPercent(escaping: Escaping): boolean {
  return escaping === 'percent' || escaping === 'percent-slash';
}

function sequenceBefore(bytes: Buffer, end: number, floor: number): PathUnit {
  for (let length = 2; length <= 4 && end - length >= floor; length++)
    if (sequenceLength(bytes, end - length) === length)
      return unit(bytes.toString('utf8', end - length, end).codePointAt(0) ?? 0, length);
  return INVALID;
}

function unit(code: number, length: number): PathUnit {
  return { kind: kindOf(code), code, length };
}

function kindOf(code: number): UnitKind {
  if (code >= 0x80) return code > 0x10ffff || isPunctuation(code) ? 'other' : 'letter';
  return ASCII_KINDS[code] ?? 'other';
}

const ASCII_KINDS: readonly UnitKind[] = Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9_\-+~@%]/.test(char)) return 'letter';
  return ({ '.': 'dot', '/': 'slash', $: 'dollar', ':': 'colon' } as const)[char] ?? 'other';
});

/**
 * Controls, spaces, quotes and dashes that end a path in prose: C1, no-break space, guillemets, General Punctuation (U+2000), CJK
 * Symbols and Punctuation (U+3000), the punctuation of the full-width forms (U+FF01), a byte order mark.
 */
function isPunctuation(code: number): boolean {
  if (code <= 0xa0 || code === 0xab || code === 0xbb) return true;
  if (code >= 0x2000 && code <= 0x206f) return true;
  if (code >= 0x3000 && code <= 0x303f) return true;
  if (code === 0xfeff) return true;
  return (code >= 0xff01 && code <= 0xff0f) || (code >= 0xff1a && code <= 0xff20) || (code >= 0xff5b && code <= 0xff65);
}
