/** What one entry of a tar says, and how a manifest entry says it. */
import type { ManifestEntry } from '../model/manifest-entry.ts';

/** Bytes of a block: headers take one, contents are filled up to whole ones (POSIX.1-2017, pax, "ustar Interchange Format"). */
export const BLOCK = 512;
/** An archive ends with two blocks of zeros. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK);

export type TarType = 'file' | 'hard-link' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo';

/** The typeflag of each type. */
export const TYPE_FLAGS: Readonly<Record<TarType, string>> = {
  file: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

/** An entry as tar knows it. Names are bytes as strings (see model/path.ts). */
export interface TarEntry {
  readonly type: TarType;
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
  /** Bytes of the contents; 0 for all but files. */
  readonly size: number;
  /** Nanoseconds since the epoch, decimal. */
  readonly mtime: string;
  /** Of a symlink its text, of a hard link the path of the file; else empty. */
  readonly target: string;
  readonly major: number;
  readonly minor: number;
}

/** The header that a manifest entry has in the archive. */
export function tarEntry(entry: ManifestEntry): TarEntry {
  const { owner } = entry;
  return {
    type: entry.type,
    path: entry.path,
    mode: modeOf(entry),
    uid: owner?.uid ?? 0,
    gid: owner?.gid ?? 0,
    user: owner?.user ?? '',
    group: owner?.group ?? '',
    size: entry.type === 'file' ? entry.size : 0,
    mtime: entry.mtime,
    target: 'target' in entry ? entry.target : '',
    major: 'major' in entry ? entry.major : 0,
    minor: 'minor' in entry ? entry.minor : 0,
  };
}

/** Links have no mode of their own; tar readers expect these. */
function modeOf(entry: ManifestEntry): number {
  if (entry.type === 'symlink') return 0o777;
  return entry.type === 'hard-link' ? 0o644 : entry.mode;
}

/** A file of relocate itself: always the same owner and time. 1980-01-01: old enough to be nobody's, young enough for every tar. */
export function ownEntry(path: string, size: number, mode: number): TarEntry {
  return {
    type: 'file',
    path,
    mode,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    size,
    mtime: '315532800000000000',
    target: '',
    major: 0,
    minor: 0,
  };
}

/** Bytes that fill contents up to whole blocks. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
