/** Archives and compressed files, known by their first bytes: those that relocate looks into, and those of which it can only say that it does not. */

export type ContainerKind =
  | 'zip'
  | 'tar'
  | 'gzip'
  | 'xz'
  | 'zstd'
  // not taken apart: they may hold anything
  | 'bzip2'
  | '7z'
  | 'rar'
  | 'lz4'
  | 'lzip'
  | 'rpm'
  | 'deb';

/** So many bytes tell every kind. */
export const CONTAINER_HEAD = 512;

/** What a file is by its first bytes; null for no container. Asked of every file: the first byte settles most. */
export function containerOf(head: Buffer): ContainerKind | null {
  switch (head[0]) {
    case 0x50: // APPNOTE 4.3.7: a local file header
      return startsWith(head, 'PK\x03\x04') ? 'zip' : tarOf(head);
    case 0x1f: // RFC 1952, 2.3.1: ID1 ID2, CM = deflate
      return startsWith(head, '\x1f\x8b\x08') ? 'gzip' : tarOf(head);
    case 0x42:
      return /^BZh[1-9]1AY&SY/.test(head.toString('latin1', 0, 10)) ? 'bzip2' : tarOf(head);
    case 0xfd: // The .xz File Format, 2.1.1.1
      return startsWith(head, '\xfd7zXZ\0') ? 'xz' : tarOf(head);
    case 0x28: // RFC 8878, 3.1.1
      return startsWith(head, '\x28\xb5\x2f\xfd') ? 'zstd' : tarOf(head);
    case 0x37: // 7zFormat.txt: kSignature
      return startsWith(head, '7z\xbc\xaf\x27\x1c') ? '7z' : tarOf(head);
    case 0x52: // RAR 5.0 archive format: its signature, which goes on with the version
      return startsWith(head, 'Rar!\x1a\x07') ? 'rar' : tarOf(head);
    case 0x04: // LZ4 Frame Format: the magic number
      return startsWith(head, '\x04\x22\x4d\x18') ? 'lz4' : tarOf(head);
    case 0x4c: // the lzip manual, File format: ID string, VN
      return startsWith(head, 'LZIP\x01') ? 'lzip' : tarOf(head);
    case 0xed: // rpm, lib/rpmlead.c: struct rpmlead
      return startsWith(head, '\xed\xab\xee\xdb') ? 'rpm' : tarOf(head);
    case 0x21: // deb(5): an ar archive of which this is the first member
      return startsWith(head, '!<arch>\ndebian-binary') ? 'deb' : tarOf(head);
    case 0x23: // `#!` before a zip: zipapp, pex, self-extracting
      return head[1] === 0x21 && head.includes('PK\x03\x04') ? 'zip' : null;
    default:
      return tarOf(head);
  }
}

/** struct posix_header: the magic stands at 257. */
function tarOf(head: Buffer): 'tar' | null {
  return head.length >= CONTAINER_HEAD && head[257] === 0x75 && head.toString('latin1', 257, 262) === 'ustar'
    ? 'tar'
    : null;
}

function startsWith(head: Buffer, magic: string): boolean {
  return head.toString('latin1', 0, magic.length) === magic;
}
