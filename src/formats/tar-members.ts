/**
 * Walks any tar piece by piece, and says of each byte what it belongs to (POSIX.1-2017 pax, ustar; GNU long names). Lenient, unlike
 * tar-read.ts: this looks into archives of others, and trusts nothing in them.
 */
import { BLOCK } from './tar-entry.ts';
import { UnreadError } from './decompression.ts';

export interface TarVisitor {
  /** A file begins; its bytes, which follow, stand at an offset of the tar. */
  begin(name: Buffer, at: number): void;
  data(piece: Buffer): void;
  end(): void;
  /** A header, or the records and long names in front of one, whole: link targets stand there. */
  header(name: Buffer, bytes: Buffer, at: number): void;
}

/** Records and long names larger than this are not looked at. */
const LARGEST_RECORDS = 1024 * 1024;

const NOTHING = Buffer.alloc(BLOCK);

type Part = 'member' | 'records' | 'rest';

export class TarMembers {
  readonly #visitor: TarVisitor;
  #header: Buffer[] = [];
  #headerBytes = 0;
  #part: Part = 'rest';
  #left = 0;
  #afterMap = 0;
  #padding = 0;
  #records: Buffer[] = [];
  #longName: Buffer | null = null;
  /** The size that a pax record states for the next member. */
  #longSize: number | null = null;
  #flag = '';
  /** Further blocks of a sparse map follow before the content (GNU, struct sparse_header). */
  #isMapExtended = false;
  #isOver = false;
  /** Offset in the tar behind what was taken. */
  #position = 0;

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor;
  }

  push(piece: Buffer): void {
    for (let at = 0; at < piece.length && !this.#isOver;) {
      if (this.#left > 0) {
        const end = Math.min(piece.length, at + this.#left);
        this.#content(piece.subarray(at, end));
        this.#left -= end - at;
        this.#position += end - at;
        at = end;
        if (this.#left === 0) this.#finish();
      } else if (this.#padding > 0 && !this.#isMapExtended) {
        const skipped = Math.min(this.#padding, piece.length - at);
        this.#padding -= skipped;
        this.#position += skipped;
        at += skipped;
      } else at = this.#fillHeader(piece, at);
    }
  }

  /** @throws UnreadError where the archive ends within a member */
  end(): void {
    if (this.#left === 0 && this.#headerBytes === 0) return;
    if (this.#left > 0 && this.#part === 'member') this.#visitor.end();
    throw new UnreadError('damaged', 'the tar ends in the middle of a member');
  }

  #fillHeader(piece: Buffer, at: number): number {
    const end = Math.min(piece.length, at + BLOCK - this.#headerBytes);
    if (end - at === BLOCK) {
      this.#position += BLOCK;
      this.#begin(piece.subarray(at, end));
      return end;
    }
    this.#header.push(Buffer.from(piece.subarray(at, end)));
    this.#headerBytes += end - at;
    this.#position += end - at;
    if (this.#headerBytes === BLOCK) {
      const block = Buffer.concat(this.#header);
      this.#header = [];
      this.#headerBytes = 0;
      this.#begin(block);
    }
    return end;
  }

  #begin(block: Buffer): void {
    if (this.#isMapExtended) {
      this.#isMapExtended = block[504] === 1;
      this.#left = this.#isMapExtended ? 0 : this.#afterMap;
      return;
    }
    if (block[0] === 0 && block.equals(NOTHING)) return;
    if (!isHeader(block)) {
      this.#isOver = true;
      throw new UnreadError('damaged', 'a header of the tar does not have its checksum');
    }
    this.#flag = String.fromCharCode(block[156] ?? 0);
    const isRecords = 'xgLK'.includes(this.#flag);
    const stated = isRecords ? sizeIn(block) : (this.#longSize ?? sizeIn(block));
    // links, folders and devices have no content, whatever they say
    const size = '123456'.includes(this.#flag) ? 0 : stated;
    this.#isMapExtended = this.#flag === 'S' && block[482] === 1;
    this.#afterMap = size;
    this.#left = this.#isMapExtended ? 0 : size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (isRecords) {
      this.#part = 'records';
      this.#records = [];
      return;
    }
    const name = this.#longName ?? nameIn(block);
    this.#longName = null;
    this.#longSize = null;
    this.#visitor.header(name, block, this.#position - BLOCK);
    this.#part = this.#flag === '0' || this.#flag === '7' || this.#flag === '\0' ? 'member' : 'rest';
    if (this.#part !== 'member') return;
    this.#visitor.begin(name, this.#position);
    if (size === 0) this.#visitor.end();
  }

  #content(piece: Buffer): void {
    if (this.#part === 'member') this.#visitor.data(piece);
    if (this.#part === 'records' && this.#left <= LARGEST_RECORDS) this.#records.push(Buffer.from(piece));
  }

  #finish(): void {
    if (this.#part === 'member') this.#visitor.end();
    if (this.#part !== 'records') return;
    const records = Buffer.concat(this.#records);
    if (this.#flag === 'L') this.#longName = untilNul(records);
    if (this.#flag === 'x') {
      this.#longName = paxValue(records, 'path') ?? this.#longName;
      const size = Number(paxValue(records, 'size')?.toString('latin1') ?? Number.NaN);
      this.#longSize = Number.isSafeInteger(size) && size >= 0 ? size : null;
    }
    this.#visitor.header(this.#longName ?? Buffer.alloc(0), records, this.#position - records.length);
  }
}

/** Some tars (of Sun and HP-UX) summed up the bytes as signed numbers. */
function isHeader(block: Buffer): boolean {
  const stated = Number.parseInt(/^[ \0]*([0-7]+)/.exec(block.toString('latin1', 148, 156))?.[1] ?? '', 8);
  let sum = 8 * 0x20;
  let negative = 0;
  for (let at = 0; at < BLOCK; at++) {
    if (at === 148) at = 156;
    const byte = block[at] ?? 0;
    sum += byte;
    negative += byte >> 7;
  }
  return sum === stated || sum - 256 * negative === stated;
}

/** Octal, or base 256 where the first bit is set (GNU). */
function sizeIn(block: Buffer): number {
  if (((block[124] ?? 0) & 0x80) !== 0) {
    const value = Number(block.readBigUInt64BE(128));
    if (!Number.isSafeInteger(value)) throw new UnreadError('damaged', 'a member of the tar has an impossible size');
    return value;
  }
  const text = /^[ \0]*([0-7]*)/.exec(block.toString('latin1', 124, 136))?.[1] ?? '';
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function nameIn(block: Buffer): Buffer {
  const name = untilNul(block.subarray(0, 100));
  const prefix =
    block.toString('latin1', 257, 263) === 'ustar\0' ? untilNul(block.subarray(345, 500)) : Buffer.alloc(0);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** `30 path=…\n`, the length of the record in front. */
function paxValue(records: Buffer, keyword: string): Buffer | null {
  for (let at = 0; at < records.length;) {
    const space = records.indexOf(0x20, at);
    const length = space < 0 ? 0 : Number(records.toString('latin1', at, space));
    if (!Number.isInteger(length) || length <= space - at + 1 || at + length > records.length) return null;
    const value = space + 2 + keyword.length;
    if (records.toString('latin1', space + 1, value) === `${keyword}=`) return records.subarray(value, at + length - 1);
    at += length;
  }
  return null;
}
