/**
 * Writes tar headers: ustar, with a pax header before it where ustar can't say it all. The same entry gives the same bytes.
 * A reader without pax (busybox) finds every name that fits ustar as raw bytes, and the rest under `.relocate/long-names/`.
 */
import { hash } from 'node:crypto';
import { Header } from 'tar';
import { OWN_PATHS } from '../model/manifest.ts';
import { encodeBytes, isValidText } from './byte-text.ts';
import { BLOCK, paddingOf, TYPE_FLAGS, type TarEntry } from './tar-entry.ts';
import { writePax, type PaxRecords } from './tar-pax.ts';

/** Room in a ustar header: name and linkname, prefix, and the largest numbers of 8 and 12 bytes. */
const NAME_ROOM = 100;
const OWNER_ROOM = 31;
const MOST_IN_8 = 0o7777777;
const MOST_IN_12 = 0o77777777777;
/** Offsets in struct posix_header (tar.h). */
const AT = { name: 0, linkname: 157, prefix: 345 } as const;
export const AT_CHECKSUM = 148;

/** Bytes of `writeHeader`, known for less. */
export function headerLength(entry: TarEntry): number {
  const records = paxRecords(entry, placeName(entry.path), placeName(entry.target, NAME_ROOM));
  if (Object.keys(records).length === 0) return BLOCK;
  const { length } = writePax(records);
  return 2 * BLOCK + length + paddingOf(length);
}

/** The header of an entry: one block, or a pax header and one block. */
export function writeHeader(entry: TarEntry): Buffer {
  const name = placeName(entry.path);
  const link = placeName(entry.target, NAME_ROOM);
  const records = paxRecords(entry, name, link);
  const block = writeBlock({
    ...entry,
    type: TYPE_FLAGS[entry.type],
    path: name.text,
    target: link.text,
    uid: fit(entry.uid, MOST_IN_8),
    gid: fit(entry.gid, MOST_IN_8),
    size: fit(entry.size, MOST_IN_12),
    seconds: records.mtime === undefined ? secondsOf(entry.mtime) : fit(secondsOf(entry.mtime), MOST_IN_12),
    user: records.uname === undefined ? entry.user : '',
    group: records.gname === undefined ? entry.group : '',
  });
  if (name.raw !== null) putRaw(block, AT.name, name.raw);
  if (link.raw !== null) putRaw(block, AT.linkname, link.raw);
  return Object.keys(records).length === 0 ? block : Buffer.concat([paxHeader(records), block]);
}

/** How a name goes into a ustar field: as text that node-tar writes, as raw bytes, or under another name with pax to tell it. */
interface PlacedName {
  readonly text: string;
  readonly raw: Buffer | null;
  readonly needsPax: boolean;
}

function placeName(name: string, room?: number): PlacedName {
  const bytes = encodeBytes(name);
  const isAscii = bytes.length === name.length && isValidText(name);
  if (isAscii && (room === undefined ? fitsUstar(name) : bytes.length <= room))
    return { text: name, raw: null, needsPax: false };
  if (!isAscii && bytes.length <= NAME_ROOM) return { text: '', raw: bytes, needsPax: true };
  return { text: `${OWN_PATHS.folder}/long-names/${hash('sha256', bytes).slice(0, 16)}`, raw: null, needsPax: true };
}

/** Whether node-tar can split a name of ASCII into the prefix and name fields, so that it is read back as it was. */
function fitsUstar(path: string): boolean {
  if (path.length < NAME_ROOM) return true;
  const block = Buffer.alloc(BLOCK);
  return !new Header({ path, type: 'File' }).encode(block) && new Header(block).path === path;
}

function paxRecords(entry: TarEntry, name: PlacedName, link: PlacedName): PaxRecords {
  const text = [name.needsPax ? entry.path : '', link.needsPax ? entry.target : '', entry.user, entry.group];
  const number = (value: number, most: number): Buffer | undefined =>
    value > most ? Buffer.from(String(value)) : undefined;
  const owner = (value: string): Buffer | undefined =>
    /^[\x20-\x7e]*$/.test(value) && value.length <= OWNER_ROOM ? undefined : encodeBytes(value);
  return defined({
    hdrcharset: text.every(isValidText) ? undefined : Buffer.from('BINARY'),
    path: name.needsPax ? encodeBytes(entry.path) : undefined,
    linkpath: link.needsPax ? encodeBytes(entry.target) : undefined,
    size: number(entry.size, MOST_IN_12),
    uid: number(entry.uid, MOST_IN_8),
    gid: number(entry.gid, MOST_IN_8),
    uname: owner(entry.user),
    gname: owner(entry.group),
    mtime: paxTime(entry.mtime),
  });
}

function defined(records: { readonly [K in keyof PaxRecords]: PaxRecords[K] | undefined }): PaxRecords {
  return Object.fromEntries(Object.entries(records).filter(([, value]) => value !== undefined));
}

/** Whole seconds; a time before the epoch has none in ustar. */
function secondsOf(nanoseconds: string): number {
  return nanoseconds.startsWith('-') ? 0 : Number(nanoseconds.slice(0, -9));
}

/** A time that ustar can't hold: with a fraction, before the epoch, or after the year 2242. */
function paxTime(nanoseconds: string): Buffer | undefined {
  const isBefore = nanoseconds.startsWith('-');
  const digits = (isBefore ? nanoseconds.slice(1) : nanoseconds).padStart(10, '0');
  const seconds = digits.slice(0, -9);
  const fraction = digits.slice(-9).replace(/0+$/, '');
  if (!isBefore && fraction === '' && Number(seconds) <= MOST_IN_12) return undefined;
  return Buffer.from(`${isBefore ? '-' : ''}${seconds}${fraction === '' ? '' : `.${fraction}`}`);
}

/** A number that does not fit its field stands in pax alone, the field says 0: no base-256, which readers take differently. */
function fit(value: number, most: number): number {
  return value >= 0 && value <= most ? value : 0;
}

interface Block extends Omit<TarEntry, 'type' | 'mtime'> {
  readonly type: string;
  readonly seconds: number;
}

function writeBlock(block: Block): Buffer {
  const { name, prefix } = splitPath(block.path);
  const blank = '        ';
  // one write of the whole: the fields in their order, up to the prefix
  const text =
    field(name, NAME_ROOM) +
    octal(block.mode, 8) +
    octal(block.uid, 8) +
    octal(block.gid, 8) +
    octal(block.size, 12) +
    octal(block.seconds, 12) +
    blank +
    block.type +
    field(block.target, NAME_ROOM) +
    'ustar\u000000' +
    field(block.user, 32) +
    field(block.group, 32) +
    octal(block.major, 8) +
    octal(block.minor, 8) +
    prefix;
  // small buffers share their memory only where they are not made of zeros
  const bytes = Buffer.allocUnsafe(BLOCK).fill(0);
  bytes.write(text, 'latin1');
  putChecksum(bytes);
  return bytes;
}

/** node-tar knows where a long name may be split. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (path.length < NAME_ROOM) return { name: path, prefix: '' };
  const block = Buffer.alloc(BLOCK);
  new Header({ path, type: 'File' }).encode(block);
  const text = (at: number, length: number): string => block.toString('latin1', at, at + length).replace(/\0.*$/s, '');
  return { name: text(AT.name, NAME_ROOM), prefix: text(AT.prefix, 155) };
}

function field(text: string, length: number): string {
  return text.padEnd(length, '\0');
}

/** Octal digits, a blank where there is room for one, NUL. */
function octal(value: number, length: number): string {
  const digits = value.toString(8);
  return digits.length === length - 1 ? `${digits}\0` : `${digits.padStart(length - 2, '0')} \0`;
}

/** The sum of all bytes of a header, with blanks for its own. */
export function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < AT_CHECKSUM || i >= AT_CHECKSUM + 8) sum += block[i] ?? 0;
  return sum;
}

function putChecksum(block: Buffer): void {
  block.write(octal(checksumOf(block), 8), AT_CHECKSUM, 'latin1');
}

function paxHeader(records: PaxRecords): Buffer {
  const body = writePax(records);
  const block = writeBlock({
    type: 'x',
    path: `${OWN_PATHS.folder}/PaxHeader`,
    mode: 0o644,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    size: body.length,
    seconds: 0,
    target: '',
    major: 0,
    minor: 0,
  });
  return Buffer.concat([block, body, Buffer.alloc(paddingOf(body.length))]);
}

/** Writes bytes into a field of 100 and the checksum anew. */
function putRaw(block: Buffer, at: number, bytes: Buffer): void {
  block.fill(0, at, at + NAME_ROOM);
  bytes.copy(block, at);
  putChecksum(block);
}
