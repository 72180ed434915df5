/**
 * Reads tar headers as relocate writes them, and refuses everything else by name: where two tar readers would disagree on what a
 * header means, there is no right answer to give.
 */
import { ArchiveError } from '../model/errors.ts';
import { decodeBytes, showBytes } from './byte-text.ts';
import { requireLinkTarget, requireTreePath } from './archive-paths.ts';
import { BLOCK, TYPE_FLAGS, type TarEntry, type TarType } from './tar-entry.ts';
import { PAX_LIMIT, type PaxKeyword, type PaxRecords } from './tar-pax.ts';
import { AT_CHECKSUM, checksumOf, writeHeader } from './tar-write.ts';

/** One header block. `pax`: the block announces `size` bytes of records; `end`: a block of zeros. */
export type HeaderBlock =
  | { readonly kind: 'end' }
  | { readonly kind: 'pax'; readonly size: number }
  | { readonly kind: 'entry'; readonly type: TarType };

const TYPES: ReadonlyMap<string, TarType> = new Map(
  Object.entries(TYPE_FLAGS).map(([type, flag]) => [flag, type as TarType]),
); // the keys are TarType

const ZEROS: Buffer = Buffer.alloc(BLOCK);

/** Headers that other tools write and that readers take in different ways. */
const OTHER_TYPES: Readonly<Record<string, readonly [rule: string, what: string]>> = {
  L: ['tar-gnu-long-name', 'a GNU long name'],
  K: ['tar-gnu-long-name', 'a GNU long link name'],
  S: ['tar-gnu-sparse', 'a GNU sparse file'],
  g: ['pax-global', 'a global pax header'],
  '\0': ['tar-old-format', 'an entry of the time before ustar'],
};

/** Offsets and lengths in struct posix_header (tar.h). */
const FIELDS = {
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  major: [329, 8],
  minor: [337, 8],
} as const;

const NUMBERS = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
/** `magic` and `version`. */
const MAGIC: Buffer = Buffer.from('ustar\x0000', 'latin1');

/**
 * Says what a block of 512 bytes is.
 * @throws ArchiveError: `tar-checksum`, `tar-not-ustar`, `tar-number-…`, `pax-too-large`, or the rule of a type that is not read
 */
export function readBlock(block: Buffer): HeaderBlock {
  if (block.equals(ZEROS)) return { kind: 'end' };
  if (Number.parseInt(block.toString('latin1', AT_CHECKSUM, AT_CHECKSUM + 7), 8) !== checksumOf(block))
    throw new ArchiveError(
      'tar-checksum',
      'a tar header does not have the checksum that it says: the archive is damaged',
    );
  const flag = String.fromCharCode(block[156] ?? 0);
  const other = OTHER_TYPES[flag];
  if (other !== undefined)
    throw new ArchiveError(other[0], `the archive holds ${other[1]}, which relocate does not write`);
  if (MAGIC.compare(block, 257, 265) !== 0)
    throw new ArchiveError('tar-not-ustar', 'a tar header is not of the ustar format');
  for (const name of NUMBERS) numberIn(block, name);
  if (flag === 'x') return { kind: 'pax', size: requirePaxSize(numberIn(block, 'size')) };
  const type = TYPES.get(flag);
  if (type === undefined)
    throw new ArchiveError('tar-type', `the archive holds an entry of the unknown type '${showBytes(flag)}'`);
  return { kind: 'entry', type };
}

function requirePaxSize(size: number): number {
  if (size > PAX_LIMIT)
    throw new ArchiveError(
      'pax-too-large',
      `a pax header of ${size} bytes: none of relocate's has more than ${PAX_LIMIT}`,
    );
  return size;
}

/** A number as relocate writes it: octal digits, then a blank or none, then NUL. */
function numberIn(block: Buffer, name: keyof typeof FIELDS): number {
  const [at, length] = FIELDS[name];
  let value = 0;
  let end = at;
  for (let digit = block[end] ?? 0; digit >= 0x30 && digit <= 0x37; digit = block[++end] ?? 0)
    value = value * 8 + digit - 0x30;
  if (end > at && end < at + length && block[end] === 0x20) end++;
  if (end > at && end === at + length - 1 && block[end] === 0) return value;
  const field = block.toString('latin1', at, at + length);
  if (field.charCodeAt(0) >= 0x80)
    throw new ArchiveError('tar-number-base-256', `the ${name} of a tar header is in base 256`);
  if (field.includes('-')) throw new ArchiveError('tar-number-negative', `the ${name} of a tar header is negative`);
  throw new ArchiveError('tar-number-octal', `the ${name} of a tar header is no octal number`);
}

/**
 * Puts an entry together from its header block and the records of the pax header before it.
 * @throws ArchiveError where a record is wrong, a path could not be written safely, or the header is not what `writeHeader` gives for
 * the entry: then it holds something that another reader may see
 */
export function readEntry(type: TarType, block: Buffer, pax: PaxRecords, raw: Buffer): TarEntry {
  const entry = readFields(type, block, pax);
  if (!writeHeader(entry).equals(raw))
    throw new ArchiveError(
      'tar-not-canonical',
      `the header of '${showBytes(entry.path)}' is not as relocate writes it: other readers may take it for something else`,
    );
  return entry;
}

/** The same of a header that was written here: it is what `writeHeader` gives. */
export function readFields(type: TarType, block: Buffer, pax: PaxRecords): TarEntry {
  const size = numberRecord(pax, 'size') ?? numberIn(block, 'size');
  if (type !== 'file' && size !== 0)
    throw new ArchiveError('tar-size-of-link', `a ${type} of the archive has contents of ${size} bytes`);
  const entry: TarEntry = {
    type,
    path: decodeBytes(pax.path ?? nameIn(block)),
    mode: numberIn(block, 'mode'),
    uid: numberRecord(pax, 'uid') ?? numberIn(block, 'uid'),
    gid: numberRecord(pax, 'gid') ?? numberIn(block, 'gid'),
    user: textOf(pax.uname, block, 265, 32),
    group: textOf(pax.gname, block, 297, 32),
    size,
    mtime: timeRecord(pax) ?? nanoseconds(numberIn(block, 'mtime')),
    target: textOf(pax.linkpath, block, 157, 100),
    major: numberIn(block, 'major'),
    minor: numberIn(block, 'minor'),
  };
  requireTreePath(entry.path);
  if (type === 'symlink') requireLinkTarget(entry.path, entry.target);
  if (type === 'hard-link') requireTreePath(entry.target);
  return entry;
}

/** What a record says, else a field of the block. */
function textOf(record: Buffer | undefined, block: Buffer, at: number, length: number): string {
  if (record === undefined && block[at] === 0) return '';
  return decodeBytes(record ?? bytesIn(block, at, length));
}

function nameIn(block: Buffer): Buffer {
  const name = bytesIn(block, 0, 100);
  return block[345] === 0 ? name : Buffer.concat([bytesIn(block, 345, 155), Buffer.from('/'), name]);
}

/** The bytes of a field up to its first NUL. */
function bytesIn(block: Buffer, at: number, length: number): Buffer {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function nanoseconds(seconds: number): string {
  return seconds === 0 ? '0' : `${seconds}000000000`;
}

function numberRecord(pax: PaxRecords, keyword: PaxKeyword): number | undefined {
  const text = pax[keyword]?.toString('latin1');
  if (text === undefined) return undefined;
  if (text.startsWith('-')) throw new ArchiveError('pax-negative', `the pax record '${keyword}' is negative`);
  const number = Number(text);
  if (!/^(?:0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(number))
    throw new ArchiveError('pax-number', `the pax record '${keyword}' is no number`);
  return number;
}

function timeRecord(pax: PaxRecords): string | undefined {
  const text = pax.mtime?.toString('latin1');
  if (text === undefined) return undefined;
  const [, sign = '', seconds = '', fraction = ''] = /^(-?)(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,9}))?$/.exec(text) ?? [];
  if (seconds === '') throw new ArchiveError('pax-time', "the pax record 'mtime' is no time");
  // a time of the present is its digits one after the other
  if (sign === '' && seconds !== '0') return seconds + fraction.padEnd(9, '0');
  const time = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return (sign === '-' ? -time : time).toString();
}
