/** Recognises programs, libraries and object code by their headers, and what the headers say that an edit in place must heed. */
import { isMachO } from './macho.ts';

export type ObjectKind = 'elf' | 'mach-o' | 'pe' | 'archive';

export interface ObjectFile {
  readonly kind: ObjectKind;
  /** A signature covers the code, and an edit makes it invalid; those of Mach-O are renewed (see `rules/signed-code.ts`). */
  readonly isSigned: boolean;
  /** Where the program ends and what was appended to it begins (a payload); null where the headers do not tell. */
  readonly imageEnd: number | null;
}

/** Reads the first bytes of a file (4 KiB are enough for common programs); null for what is no object file. */
export function objectFile(head: Buffer): ObjectFile | null {
  const magic = head.toString('latin1', 0, 4);
  if (magic === '\x7fELF') return { kind: 'elf', isSigned: false, imageEnd: elfEnd(head) };
  if (isMachO(head)) return { kind: 'mach-o', isSigned: false, imageEnd: null };
  if (head.toString('latin1', 0, 8) === '!<arch>\n' && !head.toString('latin1', 8, 14).startsWith('debian'))
    return { kind: 'archive', isSigned: false, imageEnd: null };
  if (magic.startsWith('MZ')) return peFile(head);
  return null;
}

/** ELF gABI, Elf32_Ehdr and Elf64_Ehdr: the section headers stand at the end of what linkers write. */
function elfEnd(head: Buffer): number | null {
  const is64 = head[4] === 2;
  const little = head[5] === 1;
  if (head.length < (is64 ? 64 : 52)) return null;
  const half = (at: number): number => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const word = (at: number): number => (little ? head.readUInt32LE(at) : head.readUInt32BE(at));
  const long = (at: number): number => Number(little ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at));
  const offset = is64 ? long(40) : word(32);
  const end = offset + half(is64 ? 58 : 46) * half(is64 ? 60 : 48);
  return offset === 0 || !Number.isSafeInteger(end) ? null : end;
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
    imageEnd: null,
  };
}
