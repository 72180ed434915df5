/** Formats that carry lengths, offsets, sums or compressed bytes, known by their first bytes. A path in them is not for editing in place. */
import { isWholeText } from './byte-text.ts';

export interface StructuredFormat {
  readonly name: string;
  /** What an edit would break. */
  readonly risk: string;
  /** Set for formats that hold the data of programs, which a tool of the format can change (RL211). */
  readonly data?: DataFormat;
}

export type DataFormat =
  | 'sqlite'
  | 'sqlite-log'
  | 'sqlite-journal'
  | 'zodb'
  | 'pickle'
  | 'marshal'
  | 'plist'
  | 'php'
  | 'berkeley'
  | 'gdbm'
  | 'lmdb'
  | 'webpack'
  | 'java'
  | 'array'
  | 'access';

const SUMS = 'its checksums would no longer match';
const PACKED = 'it is compressed, or holds its files with their sizes and sums';
const COUNTED = 'it counts the bytes of its strings';
const OFFSETS = 'it finds its parts by their offsets';
const ORDER = 'its pages and their order depend on the bytes';

/** First bytes as latin1, at an offset (0 where none is given), and what they mean. */
const MAGICS: readonly {
  readonly at?: number;
  readonly magic: string;
  readonly name: string;
  readonly risk: string;
  readonly data?: DataFormat;
}[] = [
  { magic: 'SQLite format 3\0', name: 'an SQLite database', risk: ORDER, data: 'sqlite' },
  { magic: '\x37\x7f\x06\x82', name: 'an SQLite write-ahead log', risk: SUMS, data: 'sqlite-log' },
  { magic: '\x37\x7f\x06\x83', name: 'an SQLite write-ahead log', risk: SUMS, data: 'sqlite-log' },
  { magic: '\xd9\xd5\x05\xf9\x20\xa1\x63\xd7', name: 'an SQLite rollback journal', risk: SUMS, data: 'sqlite-journal' },
  { magic: 'PK\x03\x04', name: 'a zip file', risk: PACKED },
  { magic: 'PK\x05\x06', name: 'an empty zip file', risk: PACKED },
  { magic: '\x1f\x8b', name: 'gzip data', risk: PACKED },
  { at: 4, magic: '1AY&SY', name: 'bzip2 data', risk: PACKED },
  { magic: '\xfd7zXZ\0', name: 'xz data', risk: PACKED },
  { magic: '\x28\xb5\x2f\xfd', name: 'zstd data', risk: PACKED },
  { magic: '\x04\x22\x4d\x18', name: 'lz4 data', risk: PACKED },
  { magic: '7z\xbc\xaf\x27\x1c', name: 'a 7z archive', risk: PACKED },
  { at: 257, magic: 'ustar', name: 'a tar archive', risk: PACKED },
  { magic: '070701', name: 'a cpio archive', risk: PACKED },
  { magic: '070702', name: 'a cpio archive', risk: PACKED },
  { magic: '\xed\xab\xee\xdb', name: 'an rpm package', risk: PACKED },
  { magic: '!<arch>\ndebian', name: 'a deb package', risk: PACKED },
  { magic: 'bplist', name: 'a binary property list', risk: COUNTED, data: 'plist' },
  { magic: '%PDF-', name: 'a PDF', risk: OFFSETS },
  { magic: '\x89PNG', name: 'a PNG image', risk: SUMS },
  { magic: '\xff\xd8\xff', name: 'a JPEG image', risk: COUNTED },
  { magic: 'GIF8', name: 'a GIF image', risk: COUNTED },
  { magic: 'RIFF', name: 'a RIFF file', risk: COUNTED },
  { magic: '\0asm', name: 'a WebAssembly module', risk: COUNTED },
  { magic: 'PACK\0\0\0', name: 'a git pack', risk: SUMS },
  { magic: 'DIRC\0\0\0', name: 'a git index', risk: SUMS },
  { magic: '\xfftOc', name: 'a git pack index', risk: SUMS },
  {
    magic: 'FS21',
    name: 'a ZODB file storage',
    risk: 'it finds its records by their offsets, and would open empty without an error',
    data: 'zodb',
  },
  {
    magic: 'FS30',
    name: 'a ZODB file storage',
    risk: 'it finds its records by their offsets, and would open empty without an error',
    data: 'zodb',
  },
  { magic: '\xde\x12\x04\x95', name: 'a message catalogue', risk: OFFSETS },
  { magic: '\x95\x04\x12\xde', name: 'a message catalogue', risk: OFFSETS },
  { magic: '\x93NUMPY', name: 'a NumPy array', risk: COUNTED, data: 'array' },
  { magic: '\x89HDF', name: 'an HDF5 file', risk: SUMS, data: 'array' },
  { magic: 'PAR1', name: 'a Parquet file', risk: OFFSETS, data: 'array' },
  { magic: 'ARROW1', name: 'an Arrow file', risk: OFFSETS, data: 'array' },
  { magic: 'LPKSHHRH', name: 'a systemd journal', risk: SUMS },
  { magic: '\x1bLua', name: 'Lua byte code', risk: COUNTED },
  { magic: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', name: 'an OLE file', risk: OFFSETS },
  { magic: '\xac\xed\0\x05', name: 'serialized Java objects', risk: COUNTED, data: 'java' },
  { at: 4, magic: 'Standard Jet DB', name: 'an Access database', risk: ORDER, data: 'access' },
  { at: 12, magic: '\x61\x15\x06\0', name: 'a Berkeley DB hash', risk: ORDER, data: 'berkeley' },
  { at: 12, magic: '\x62\x31\x05\0', name: 'a Berkeley DB tree', risk: ORDER, data: 'berkeley' },
  // MDB_MAGIC behind the header of the first page (lmdb, mdb.c)
  { at: 16, magic: '\xde\xc0\xef\xbe', name: 'an LMDB database', risk: ORDER, data: 'lmdb' },
  // FileMiddleware of webpack: its version number, with `wpc` in it
  { magic: 'wpc\x01', name: 'a cache of webpack', risk: COUNTED, data: 'webpack' },
  { magic: '\xce\x9a\x57\x13', name: 'a GDBM database', risk: ORDER, data: 'gdbm' },
  { magic: '\xcf\x9a\x57\x13', name: 'a GDBM database', risk: ORDER, data: 'gdbm' },
];

export const PICKLE: StructuredFormat = { name: 'a pickle', risk: COUNTED, data: 'pickle' };
export const MARSHAL: StructuredFormat = { name: "Python's marshal format", risk: COUNTED, data: 'marshal' };

/** The first two bytes of all magics, as a number, by where they stand. */
const STARTS: ReadonlyMap<number, ReadonlySet<number>> = startsOf(MAGICS);

/** What a file is by its first bytes (at least 300 of them, if it has so many); null for what is not known. */
export function structuredFormat(head: Buffer): StructuredFormat | null {
  const known = mayHoldMagic(head) ? MAGICS.find(({ at = 0, magic }) => standsAt(head, at, magic)) : undefined;
  // a text may begin with the letters of a magic
  if (known !== undefined && known.magic !== '%PDF-' && /^[ -~]*$/.test(known.magic) && isText(head)) return null;
  if (known !== undefined) {
    const { name, risk, data } = known;
    return { name, risk, ...(data === undefined ? {} : { data }) };
  }
  // pickle, protocol 2 and later: PROTO, its number, and an opcode (pickletools)
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) return PICKLE;
  // Java class: the same magic as a fat Mach-O, told apart by the version (45 and up, where Mach-O counts its slices)
  if (standsAt(head, 0, '\xca\xfe\xba\xbe') && head.length >= 8 && head.readUInt16BE(6) >= 45)
    return { name: 'a Java class', risk: COUNTED };
  return null;
}

function startsOf(magics: typeof MAGICS): Map<number, Set<number>> {
  const starts = new Map<number, Set<number>>();
  for (const { at = 0, magic } of magics) {
    const those = starts.get(at) ?? new Set();
    starts.set(at, those.add((magic.charCodeAt(0) << 8) | magic.charCodeAt(1)));
  }
  return starts;
}

/** Nearly every text is told so: it is asked of each file with a hit, by several rules. */
function mayHoldMagic(head: Buffer): boolean {
  for (const [at, starts] of STARTS) if (starts.has(((head[at] ?? 0) << 8) | (head[at + 1] ?? 0))) return true;
  return false;
}

/** Byte for byte: most are told by the first, and no string is made. */
function standsAt(head: Buffer, at: number, magic: string): boolean {
  for (let i = 0; i < magic.length; i++) if (head[at + i] !== magic.charCodeAt(i)) return false;
  return true;
}

function isText(head: Buffer): boolean {
  return !head.includes(0) && isWholeText(head);
}
