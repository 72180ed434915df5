/** Recognises programs, libraries and object code by their headers, and what the headers say that an edit in place must heed. */

import { isAr } from './ar.ts';

export type ObjectKind = 'elf' | 'mach-o' | 'pe' | 'archive';

export interface ObjectFile {
  readonly kind: ObjectKind;
  /** A signature covers the code: an edit makes it invalid. */
  readonly isSigned: boolean;
}

/** Reads the first bytes of a file (4 KiB are enough for common programs); null for what is no object file. */
export function objectFile(head: Buffer): ObjectFile | null {
  const magic = head.toString('latin1', 0, 4);
  if (magic === '\x7fELF') return { kind: 'elf', isSigned: false };
  if (MACH_O.has(magic)) return { kind: 'mach-o', isSigned: isSignedMachO(head) };
  // a fat Mach-O counts its slices where a Java class has its version
  if (magic === '\xca\xfe\xba\xbe' && head.length >= 8 && head.readUInt32BE(4) < 45)
    return { kind: 'mach-o', isSigned: true };
  if (isAr(head)) return { kind: 'archive', isSigned: false };
  if (magic.startsWith('MZ')) return peFile(head);
  return null;
}

const MACH_O: ReadonlySet<string> = new Set([
  '\xfe\xed\xfa\xce',
  '\xfe\xed\xfa\xcf',
  '\xce\xfa\xed\xfe',
  '\xcf\xfa\xed\xfe',
]);

/** mach_header and load_command of loader.h: LC_CODE_SIGNATURE is 0x1d. */
function isSignedMachO(head: Buffer): boolean {
  const little = head[0] === 0xce || head[0] === 0xcf;
  const word = (at: number): number =>
    at + 4 > head.length ? 0 : little ? head.readUInt32LE(at) : head.readUInt32BE(at);
  const count = word(16);
  let at = head[little ? 0 : 3] === 0xcf ? 32 : 28;
  for (let command = 0; command < count && at + 8 <= head.length; command++) {
    if (word(at) === 0x1d) return true;
    const size = word(at + 4);
    if (size < 8) return false;
    at += size;
  }
  return false;
}

/** Microsoft PE format: the fifth data directory is the certificate table. */
function peFile(head: Buffer): ObjectFile | null {
  const header = head.length >= 64 ? head.readUInt32LE(60) : 0;
  if (head.toString('latin1', header, header + 4) !== 'PE\0\0' || header + 26 > head.length) return null;
  const isPlus = head.readUInt16LE(header + 24) === 0x20b;
  const certificates = header + 24 + (isPlus ? 112 : 96) + 4 * 8;
  return {
    kind: 'pe',
    isSigned: certificates + 8 <= head.length && head.readUInt32LE(certificates + 4) !== 0,
  };
}
