/**
 * Writes tar headers: ustar, with a pax header before it where ustar can't say it all. The same entry gives the same bytes.
 * A reader without pax (busybox) finds every name that fits ustar as raw bytes, and the rest under `.relocate/long-names/`.
 */
import { hash } from 'node:crypto';
import { OWN_PATHS } from '../model/manifest.ts';
import { encodeBytes, isValidText } from './byte-text.ts';
import { BLOCK, paddingOf, TYPE_FLAGS, type TarEntry } from './tar-entry.ts';
import { paxLength, writePax, type PaxRecords } from './tar-pax.ts';

/** Room in a ustar header: name and linkname, prefix, and the largest numbers of 8 and 12 bytes. */
const NAME_ROOM = 100;
const PREFIX_ROOM = 155;
const OWNER_ROOM = 31;
const MOST_IN_8 = 0o7777777;
const MOST_IN_12 = 0o77777777777;
/** Offsets in struct posix_header (tar.h). */
const AT = {
  name: 0,
  mode: 100,
  uid: 108,
  gid: 116,
  size: 124,
  mtime: 136,
  typeflag: 156,
  linkname: 157,
  magic: 257,
  uname: 265,
  gname: 297,
  major: 329,
  minor: 337,
  prefix: 345,
} as const;
export const AT_CHECKSUM = 148;

const ZERO = 0x30;
const BLANK = 0x20;

/** Bytes of `writeHeader`, known for less. */
export function headerLength(entry: TarEntry): number {
  const length = paxLength(paxRecords(entry, placeName(entry.path), placeLink(entry.target)));
  return length === 0 ? BLOCK : 2 * BLOCK + length + paddingOf(length);
}

/** The header of an entry: one block, or a pax header and one block. */
export function writeHeader(entry: TarEntry): Buffer {
  const name = placeName(entry.path);
  const link = placeLink(entry.target);
  const records = paxRecords(entry, name, link);
  const length = paxLength(records);
  const at = length === 0 ? 0 : BLOCK + length + paddingOf(length);
  // small buffers share their memory only where they are not made of zeros
  const header = Buffer.allocUnsafe(at + BLOCK).fill(0);
  if (length > 0) {
    paxBlock(length).copy(header);
    writePax(records, header, BLOCK);
  }
  writeBlock(header, at, TYPE_FLAGS[entry.type], name, {
    mode: entry.mode,
    uid: fit(entry.uid, MOST_IN_8),
    gid: fit(entry.gid, MOST_IN_8),
    size: fit(entry.size, MOST_IN_12),
    seconds: records.mtime === undefined ? secondsOf(entry.mtime) : fit(secondsOf(entry.mtime), MOST_IN_12),
    link,
    user: records.uname === undefined ? entry.user : '',
    group: records.gname === undefined ? entry.group : '',
    major: entry.major,
    minor: entry.minor,
  });
  return header;
}

/** The first blocks of pax headers whose records are short, by their length: they say nothing else, and most entries have one. */
const SHORT_PAX = 64;
const paxBlocks: Buffer[] = [];

/** The block before pax records of so many bytes. Not to be written to. */
function paxBlock(length: number): Buffer {
  const known = paxBlocks[length];
  if (known !== undefined) return known;
  const block = Buffer.alloc(BLOCK);
  writeBlock(block, 0, 'x', PAX_NAME, { ...NOTHING, size: length });
  if (length <= SHORT_PAX) paxBlocks[length] = block;
  return block;
}

/** How a name goes into ustar fields: as text, as raw bytes, or under another name with pax to tell it. */
interface PlacedName {
  readonly prefix: string;
  readonly text: string;
  readonly raw: Buffer | null;
  readonly needsPax: boolean;
}

const NO_NAME: PlacedName = { prefix: '', text: '', raw: null, needsPax: false };
const PAX_NAME: PlacedName = { ...NO_NAME, text: `${OWN_PATHS.folder}/PaxHeader` };

function placeName(path: string): PlacedName {
  if (!isAscii(path)) return placeOther(path);
  const split = splitPath(path);
  if (split === null) return placeOther(path);
  return { prefix: path.slice(0, Math.max(0, split - 1)), text: path.slice(split), raw: null, needsPax: false };
}

function placeLink(target: string): PlacedName {
  if (target === '') return NO_NAME;
  const fits = target.length <= NAME_ROOM && isAscii(target);
  return fits ? { prefix: '', text: target, raw: null, needsPax: false } : placeOther(target);
}

function placeOther(name: string): PlacedName {
  const bytes = encodeBytes(name);
  if (bytes.length <= NAME_ROOM && !isAscii(name)) return { prefix: '', text: '', raw: bytes, needsPax: true };
  const text = `${OWN_PATHS.folder}/long-names/${hash('sha256', bytes).slice(0, 16)}`;
  return { prefix: '', text, raw: null, needsPax: true };
}

/** Whether a text takes a byte for each unit. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text, 'utf8') === text.length;
}

/**
 * Where the name field of a path of ASCII begins: what is before it, without the slash, goes into the prefix field. Of several slashes the last is
 * taken at which the prefix fits, as tar programs do. Null where none will do.
 */
function splitPath(path: string): number | null {
  // a name that fills its field has no NUL behind it; such a path is split, or told by pax
  if (path.length < NAME_ROOM) return 0;
  const slash = path.lastIndexOf('/', PREFIX_ROOM);
  return slash > 0 && path.length - slash - 1 <= NAME_ROOM ? slash + 1 : null;
}

/** What ustar can't say. */
function paxRecords(entry: TarEntry, name: PlacedName, link: PlacedName): PaxRecords {
  const { path, target, user, group, size, uid, gid } = entry;
  const records: { -readonly [K in keyof PaxRecords]: PaxRecords[K] } = {};
  const mtime = paxTime(entry.mtime);
  if (mtime !== null) records.mtime = mtime;
  if (name.needsPax) records.path = encodeBytes(path);
  if (link.needsPax) records.linkpath = encodeBytes(target);
  if (size > MOST_IN_12) records.size = Buffer.from(String(size));
  if (uid > MOST_IN_8) records.uid = Buffer.from(String(uid));
  if (gid > MOST_IN_8) records.gid = Buffer.from(String(gid));
  if (!fitsOwner(user)) records.uname = encodeBytes(user);
  if (!fitsOwner(group)) records.gname = encodeBytes(group);
  const isText = isValidText(user) && isValidText(group) && (!name.needsPax || isValidText(path));
  if (!isText || (link.needsPax && !isValidText(target))) records.hdrcharset = Buffer.from('BINARY');
  return records;
}

function fitsOwner(name: string): boolean {
  return name === '' || (name.length <= OWNER_ROOM && /^[\x20-\x7e]*$/.test(name));
}

/** Whole seconds; a time before the epoch has none in ustar. */
function secondsOf(nanoseconds: string): number {
  return nanoseconds.startsWith('-') ? 0 : Number(nanoseconds.slice(0, -9));
}

/** A time that ustar can't hold: with a fraction, before the epoch, or after the year 2242. */
function paxTime(nanoseconds: string): Buffer | null {
  const isBefore = nanoseconds.startsWith('-');
  const digits = (isBefore ? nanoseconds.slice(1) : nanoseconds).padStart(10, '0');
  const seconds = digits.slice(0, -9);
  let end = digits.length;
  while (end > seconds.length && digits.charCodeAt(end - 1) === ZERO) end--;
  const fraction = digits.slice(seconds.length, end);
  if (!isBefore && fraction === '' && Number(seconds) <= MOST_IN_12) return null;
  return Buffer.from(`${isBefore ? '-' : ''}${seconds}${fraction === '' ? '' : `.${fraction}`}`, 'latin1');
}

/** A number that does not fit its field stands in pax alone, the field says 0: no base-256, which readers take differently. */
function fit(value: number, most: number): number {
  return value >= 0 && value <= most ? value : 0;
}

/** What a header block says besides its type and name. */
interface Fields extends Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'size' | 'user' | 'group' | 'major' | 'minor'> {
  readonly seconds: number;
  readonly link: PlacedName;
}

/** Of a pax header. */
const NOTHING: Fields = {
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  seconds: 0,
  link: NO_NAME,
  user: '',
  group: '',
  major: 0,
  minor: 0,
};

/** What is the same in all blocks: the other numbers of most entries are 0. */
const COMMON: Buffer = Buffer.alloc(BLOCK);
COMMON.write('ustar\u000000', AT.magic, 'latin1');
for (const at of [AT.uid, AT.gid, AT.major, AT.minor]) putOctal(COMMON, at, 0, 8);

/** Fills in the block that stands in `bytes` at an offset. */
function writeBlock(bytes: Buffer, at: number, type: string, name: PlacedName, fields: Fields): void {
  COMMON.copy(bytes, at);
  put(bytes, at + AT.name, name);
  putOctal(bytes, at + AT.mode, fields.mode, 8);
  if (fields.uid !== 0) putOctal(bytes, at + AT.uid, fields.uid, 8);
  if (fields.gid !== 0) putOctal(bytes, at + AT.gid, fields.gid, 8);
  putOctal(bytes, at + AT.size, fields.size, 12);
  putOctal(bytes, at + AT.mtime, fields.seconds, 12);
  bytes[at + AT.typeflag] = type.charCodeAt(0);
  put(bytes, at + AT.linkname, fields.link);
  if (fields.user !== '') bytes.write(fields.user, at + AT.uname, 'latin1');
  if (fields.group !== '') bytes.write(fields.group, at + AT.gname, 'latin1');
  if (fields.major !== 0) putOctal(bytes, at + AT.major, fields.major, 8);
  if (fields.minor !== 0) putOctal(bytes, at + AT.minor, fields.minor, 8);
  if (name.prefix !== '') bytes.write(name.prefix, at + AT.prefix, 'latin1');
  putOctal(bytes, at + AT_CHECKSUM, checksumOf(bytes, at), 8);
}

function put(bytes: Buffer, at: number, { text, raw }: PlacedName): void {
  if (raw !== null) raw.copy(bytes, at);
  else if (text !== '') bytes.write(text, at, 'latin1');
}

/** Octal digits, a blank where there is room for one, NUL. */
function putOctal(block: Buffer, at: number, value: number, length: 8 | 12): void {
  let end = at + length - 1;
  // as many digits as there is room for without the blank, one more where that is not enough
  if (value < (length === 8 ? 0o1000000 : 0o10000000000)) block[--end] = BLANK;
  let rest = value;
  // beyond 32 bits no shift will do
  for (; rest > 0xffffffff; rest = Math.floor(rest / 8)) block[--end] = ZERO + (rest % 8);
  for (rest >>>= 0; end > at; rest >>>= 3) block[--end] = ZERO + (rest & 7);
}

/** The sum of all bytes of a header that stands at an offset, with blanks for its own. */
export function checksumOf(bytes: Buffer, at = 0): number {
  let sum = 8 * BLANK;
  for (let i = at; i < at + AT_CHECKSUM; i++) sum += bytes[i] ?? 0;
  for (let i = at + AT_CHECKSUM + 8; i < at + BLOCK; i++) sum += bytes[i] ?? 0;
  return sum;
}
