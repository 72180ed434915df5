/**
 * Records of a pax extended header: `<length> <keyword>=<value>\n`, the length in decimal counting itself (POSIX.1-2017, pax, "pax
 * Extended Header"). Values are bytes: node-tar's own Pax class reads and writes UTF-8 alone and times to the millisecond.
 */
import { ArchiveError } from '../model/errors.ts';

/** Keywords that relocate writes, and the only ones it reads. `hdrcharset` comes first: it says how to read the others. */
export const PAX_KEYWORDS: readonly PaxKeyword[] = [
  'hdrcharset',
  'gid',
  'gname',
  'linkpath',
  'mtime',
  'path',
  'size',
  'uid',
  'uname',
];
export type PaxKeyword = 'hdrcharset' | 'gid' | 'gname' | 'linkpath' | 'mtime' | 'path' | 'size' | 'uid' | 'uname';

export type PaxRecords = Partial<Record<PaxKeyword, Buffer>>;

/** No record of ours comes near this; a header that is larger is an attack on memory. */
export const PAX_LIMIT: number = 64 * 1024;

/** Bytes of the body of a pax header; 0 where there are no records. */
export function paxLength(records: PaxRecords): number {
  let sum = 0;
  for (const keyword in records) sum += recordLength(keyword, records[keyword as PaxKeyword]); // its keys are keywords
  return sum;
}

/** Writes the body of a pax header into a buffer. */
export function writePax(records: PaxRecords, target: Buffer, start: number): void {
  let at = start;
  for (const keyword of PAX_KEYWORDS) {
    const value = records[keyword];
    if (value === undefined) continue;
    at += target.write(`${recordLength(keyword, value)} ${keyword}=`, at, 'latin1');
    at += value.copy(target, at);
    target[at++] = 0x0a;
  }
}

function recordLength(keyword: string, value: Buffer | undefined): number {
  if (value === undefined) return 0;
  const rest = keyword.length + value.length + 3; // blank, `=`, newline
  const length = rest + digits(rest);
  return digits(length) > digits(rest) ? rest + digits(length) : length;
}

function digits(number: number): number {
  return number < 10 ? 1 : number < 100 ? 2 : String(number).length;
}

/**
 * Reads the body of a pax header; takes nothing for granted, since every tar reads broken records in its own way.
 * @throws ArchiveError whose rule says what is wrong with a record
 */
export function parsePax(body: Buffer): PaxRecords {
  const records: PaxRecords = {};
  let at = 0;
  while (at < body.length) {
    const { keyword, value, end } = parseRecord(body, at);
    if (records[keyword] !== undefined) throw new ArchiveError('pax-twice', `a pax header sets '${keyword}' twice`);
    records[keyword] = value;
    at = end;
  }
  if (at === 0) throw new ArchiveError('pax-empty', 'a pax header has no record');
  return records;
}

function parseRecord(body: Buffer, at: number): { keyword: PaxKeyword; value: Buffer; end: number } {
  const digits = /^([1-9][0-9]{0,6}) /.exec(body.toString('latin1', at, at + 8))?.[1];
  const end = at + Number(digits);
  if (digits === undefined || end > body.length || body[end - 1] !== 0x0a)
    throw new ArchiveError('pax-length', 'a pax record does not have the length that it says');
  const equals = body.indexOf(0x3d, at);
  if (equals < 0 || equals >= end - 2) throw new ArchiveError('pax-record', 'a pax record has no keyword, or no value');
  const name = body.toString('latin1', at + digits.length + 1, equals);
  const keyword = PAX_KEYWORDS.find((known) => known === name);
  if (keyword === undefined)
    throw new ArchiveError(
      'pax-keyword',
      `a pax header sets '${printable(body.subarray(at + digits.length + 1, Math.min(equals, at + 80)))}', which relocate does not write`,
    );
  const value = Buffer.from(body.subarray(equals + 1, end - 1));
  if (value.includes(0)) throw new ArchiveError('pax-nul', `the pax record '${keyword}' holds a NUL`);
  return { keyword, value, end };
}

function printable(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '?');
}
