/** Wide strings: UTF-16 and UTF-32 in both byte orders. */
import type { Escaping } from '../model/reference.ts';
import { isValidText } from './byte-text.ts';

export type WideEscaping = Extract<Escaping, `utf-${string}`>;

/** Whether an escaping is a wide encoding: two or four bytes a character. */
export function isWide(escaping: Escaping): escaping is WideEscaping {
  return escaping.startsWith('utf-');
}

/** Bytes of one unit of the escaping where it is wide, else 1. */
export function unitWidth(escaping: Escaping): 1 | 2 | 4 {
  return escaping.startsWith('utf-16') ? 2 : escaping.startsWith('utf-32') ? 4 : 1;
}

/** Encodes text as units. Null for text that holds bytes which are no characters. */
export function encodeWide(text: string, encoding: WideEscaping): Buffer | null {
  if (!isValidText(text)) return null;
  const width = unitWidth(encoding);
  const codes = width === 2 ? unitsOf(text) : [...text].map((char) => char.codePointAt(0) ?? 0);
  const out = Buffer.alloc(codes.length * width);
  for (const [i, code] of codes.entries()) {
    if (encoding.endsWith('le')) out.writeUIntLE(code, i * width, width);
    else out.writeUIntBE(code, i * width, width);
  }
  return out;
}

/** Decodes units; what is no character becomes U+FFFD, an incomplete unit at the end is dropped. */
export function decodeWide(bytes: Buffer, encoding: WideEscaping): string {
  const width = unitWidth(encoding);
  let text = '';
  for (let at = 0; at + width <= bytes.length; at += width) {
    const code = wideUnitAt(bytes, at, encoding);
    text += width === 2 ? String.fromCharCode(code) : code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return text.toWellFormed();
}

/** The unit at an offset; the caller has checked that it lies within the bytes. */
export function wideUnitAt(bytes: Uint8Array, at: number, encoding: WideEscaping): number {
  const byte = (i: number): number => bytes[at + i] ?? 0;
  switch (encoding) {
    case 'utf-16le':
      return byte(0) | (byte(1) << 8);
    case 'utf-16be':
      return (byte(0) << 8) | byte(1);
    case 'utf-32le':
      return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
    case 'utf-32be':
      return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
  }
}

function unitsOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}
