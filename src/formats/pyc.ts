/**
 * The header of compiled Python byte code, and its strings. The header is PEP 552 (16 bytes) from 3.7 on, PEP 3147's with the source's
 * size (12 bytes) before, and magic and mtime alone (8 bytes) in Python 2. Magic numbers: Lib/importlib/_bootstrap_external.py.
 */
import { decodeBytes, encodeBytes, isAscii } from './byte-text.ts';
import { LAYOUTS, type CodeLayout } from './marshal-layouts.ts';
import type { MarshalString } from './marshal-strings.ts';

export interface PycHeader {
  /** The Python that reads it, as `3.11`. */
  readonly python: string;
  /** Bytes before the code object. */
  readonly size: 8 | 12 | 16;
  readonly layout: CodeLayout;
}

interface Release extends PycHeader {
  readonly magic: readonly [first: number, last: number];
}

/** The magic numbers of each release and of those previews that had the release's layout. */
const RELEASES: readonly Release[] = [
  { python: '2.7', magic: [62201, 62211], size: 8, layout: LAYOUTS['2.7'] },
  { python: '3.4', magic: [3300, 3310], size: 12, layout: LAYOUTS['3.0'] },
  { python: '3.5', magic: [3350, 3351], size: 12, layout: LAYOUTS['3.0'] },
  { python: '3.6', magic: [3370, 3379], size: 12, layout: LAYOUTS['3.0'] },
  { python: '3.7', magic: [3392, 3394], size: 16, layout: LAYOUTS['3.0'] },
  { python: '3.8', magic: [3410, 3413], size: 16, layout: LAYOUTS['3.8'] },
  { python: '3.9', magic: [3420, 3425], size: 16, layout: LAYOUTS['3.8'] },
  { python: '3.10', magic: [3430, 3439], size: 16, layout: LAYOUTS['3.8'] },
  { python: '3.11', magic: [3490, 3495], size: 16, layout: LAYOUTS['3.11'] },
  { python: '3.12', magic: [3520, 3531], size: 16, layout: LAYOUTS['3.11'] },
  { python: '3.13', magic: [3560, 3571], size: 16, layout: LAYOUTS['3.11'] },
  { python: '3.14', magic: [3620, 3627], size: 16, layout: LAYOUTS['3.11'] },
];

/** The header at the start of a file; null where it is no byte code of a Python that is known here. */
export function pycHeader(head: Buffer): PycHeader | null {
  if (head.length < 16 || head[2] !== 0x0d || head[3] !== 0x0a) return null;
  const magic = (head[0] ?? 0) | ((head[1] ?? 0) << 8);
  // most byte code of a tree is of one Python
  if (last === undefined || !isOf(last, magic)) last = RELEASES.find((release) => isOf(release, magic));
  return last === undefined || (last.size === 16 && !isFlags(head.readUInt32LE(4))) ? null : last;
}

/** PEP 552: timestamp (0), unchecked hash (1), checked hash (3). */
function isFlags(flags: number): boolean {
  return flags === 0 || flags === 1 || flags === 3;
}

let last: Release | undefined;

function isOf({ magic: released }: Release, magic: number): boolean {
  return magic >= released[0] && magic <= released[1];
}

/**
 * A string object that holds another text, written as CPython would write it: ASCII under 256 bytes takes the short form, other ASCII the
 * long one, the rest UTF-8; Python 2 has one form. Interned stays interned and FLAG_REF stays, so that references keep their index.
 */
export function rewriteString(string: MarshalString, text: string, layout: CodeLayout): string {
  const { type, flagged } = string;
  // most names of sources: the length is no byte that could be a part of a character
  if ((type === 'z' || type === 'Z') && text.length < 0x80 && isAscii(text))
    return (flagged ? FLAGGED[type] : type) + String.fromCharCode(text.length) + text;
  return decodeBytes(rewritten(string, encodeBytes(text), layout));
}

/** Types with FLAG_REF, as bytes that are no UTF-8. */
const FLAGGED = { z: '\udcfa', Z: '\udcda' } as const;

function rewritten(string: MarshalString, payload: Buffer, layout: CodeLayout): Buffer {
  const type = typeFor(string, payload, layout).charCodeAt(0) | (string.flagged ? 0x80 : 0);
  const isShort = (type & 0x5f) === 0x5a;
  const head = Buffer.alloc(isShort ? 2 : 5);
  head[0] = type;
  if (isShort) head[1] = payload.length;
  else head.writeUInt32LE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

function typeFor(string: MarshalString, payload: Buffer, layout: CodeLayout): MarshalString['type'] {
  if (layout.python2 || string.type === 's') return string.type;
  const isInterned = 'ZAt'.includes(string.type);
  if (payload.some((byte) => byte >= 0x80)) return isInterned ? 't' : 'u';
  if (payload.length < 256) return isInterned ? 'Z' : 'z';
  return isInterned ? 'A' : 'a';
}
