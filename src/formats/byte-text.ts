/**
 * Bytes as strings and back, without loss: valid UTF-8 decodes as itself, every other byte becomes a lone surrogate
 * U+DC80..U+DCFF (PEP 383). Both directions are exact inverses for anything `decodeBytes` made.
 */
import { isUtf8 } from 'node:buffer';

/** Decodes a piece of some bytes, most of which are ASCII and need no cutting out. */
export function decodePiece(bytes: Buffer, start: number, end: number): string {
  const isPlain = end - start <= LOOKED_AT && asciiEnd(bytes, start, end - start) === end;
  return isPlain ? bytes.toString('latin1', start, end) : decodeBytes(bytes.subarray(start, end));
}

/** Decodes bytes (a file name, a link target, a piece of a file). Never fails, loses nothing. */
export function decodeBytes(bytes: Buffer): string {
  const plain = asciiEnd(bytes, 0, LOOKED_AT);
  if (plain === bytes.length) return bytes.toString('latin1', 0, plain);
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const ascii = asciiEnd(bytes, at, Infinity);
    if (ascii > at) {
      text += bytes.toString('latin1', at, ascii);
      at = ascii;
      continue;
    }
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      text += bytes.toString('utf8', at, at + length);
      at += length;
    } else {
      text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      at += 1;
    }
  }
  return text;
}

/** Most names and paths are short and ASCII, which is seen here sooner than elsewhere. */
const LOOKED_AT = 256;

/** Where a run of ASCII ends that begins at an offset. */
function asciiEnd(bytes: Buffer, start: number, most: number): number {
  const end = Math.min(bytes.length, start + most);
  let at = start;
  while (at < end && (bytes[at] ?? 0) < 0x80) at++;
  return at;
}

/** Encodes a string that `decodeBytes` made, or any well-formed string, to its bytes. */
export function encodeBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  // no unit of a string takes more than three bytes
  const bytes = Buffer.allocUnsafe(3 * text.length);
  let length = 0;
  let clean = 0; // the first unit that is not written yet
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(at + 1))) at++;
    else if (unit >= 0xdc80 && unit <= 0xdcff) {
      length += bytes.write(text.slice(clean, at), length, 'utf8');
      bytes[length++] = unit - 0xdc00;
      clean = at + 1;
    }
  }
  length += bytes.write(text.slice(clean), length, 'utf8');
  return bytes.subarray(0, length);
}

/** How many bytes `encodeBytes` gives. */
export function encodedLength(text: string): number {
  return text.isWellFormed() ? Buffer.byteLength(text, 'utf8') : encodeBytes(text).length;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Whether every byte of the decoded string was valid UTF-8. */
export function isValidText(text: string): boolean {
  return text.isWellFormed();
}

/** Whether a piece cut out of a file is UTF-8, but for sequences that the cut went through at its ends. */
export function isWholeText(piece: Buffer): boolean {
  let start = 0;
  while (start < 3 && ((piece[start] ?? 0) & 0xc0) === 0x80) start++;
  let end = piece.length;
  for (let cut = 1; cut <= 3 && cut <= piece.length; cut++) {
    const byte = piece[piece.length - cut] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    if (needed > cut) end = piece.length - cut;
    break;
  }
  return isUtf8(piece.subarray(start, end));
}

/** Order by bytes, which is not the order of JavaScript strings beyond the basic plane or for bytes that are not UTF-8. */
export function compareBytes(left: string, right: string): number {
  if (left === right) return 0;
  if (isAscii(left) && isAscii(right)) return left < right ? -1 : 1;
  return Buffer.compare(encodeBytes(left), encodeBytes(right));
}

/** For people: control characters, backslashes and bytes that are not UTF-8 shown as `\n`, `\x1b`, `\\`, `\xff`. */
export function showBytes(text: string): string {
  return showControls(text.replaceAll('\\', '\\\\'));
}

/** The same for a sentence in which some names are shown so already: its backslashes stay. */
export function showControls(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|[\udc80-\udcff]/gu,
    (char) => {
      const code = char.charCodeAt(0);
      if (char === '\n') return '\\n';
      if (char === '\t') return '\\t';
      if (char === '\r') return '\\r';
      if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
    },
  );
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The length of the well-formed UTF-8 sequence at an offset (RFC 3629), 0 where there is none. */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  const length =
    lead < 0x80
      ? 1
      : lead >= 0xc2 && lead < 0xe0
        ? 2
        : lead >= 0xe0 && lead < 0xf0
          ? 3
          : lead >= 0xf0 && lead < 0xf5
            ? 4
            : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return length;
}
