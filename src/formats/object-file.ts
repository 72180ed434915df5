/** Recognises programs, libraries and object code by their headers, and what the headers say that an edit in place must heed. */
import { isAr } from './ar.ts';
import { isMachO } from './macho.ts';

export type ObjectKind = 'elf' | 'mach-o' | 'pe' | 'archive';

export interface ObjectFile {
  readonly kind: ObjectKind;
  /** A signature covers the code, and an edit makes it invalid; those of Mach-O are renewed (see `rules/signed-code.ts`). */
  readonly isSigned: boolean;
}

/** Reads the first bytes of a file (4 KiB are enough for common programs); null for what is no object file. */
export function objectFile(head: Buffer): ObjectFile | null {
  const magic = head.toString('latin1', 0, 4);
  if (magic === '\x7fELF') return { kind: 'elf', isSigned: false };
  if (isMachO(head)) return { kind: 'mach-o', isSigned: false };
  if (isAr(head)) return { kind: 'archive', isSigned: false };
  if (magic.startsWith('MZ')) return peFile(head);
  return null;
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
