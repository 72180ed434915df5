/**
 * Records of rows: the references of one file with a key, which gives the order, as bytes that cross threads and can be kept.
 * A record is three little-endian numbers of 4 bytes (the key, the bytes of the tally, the bytes of the rows), the tally as JSON, the rows.
 */
import type { Reference } from '../model/reference.ts';
import type { FileTally, ReferenceRow } from '../model/report.ts';
import { rowText } from './file-rows.ts';

/** Bytes of the three numbers. */
export const RECORD_HEAD: number = 12;
const FIRST_ROOM = 16 * 1024;
/** Tallies that were read and are remembered: most files have one of a few. */
const REMEMBERED = 2000;

export interface RowRecord {
  readonly key: number;
  readonly tally: FileTally;
  /** UTF-8, each row with its line end. */
  readonly rows: Uint8Array;
  /** All of the record. */
  readonly bytes: Buffer;
}

/** Writes records one after another. */
export class RecordWriter {
  #bytes: Buffer = Buffer.alloc(0);
  #numbers: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Row by row: all rows of a log in one string may be more than a string can hold. */
  add(key: number, tally: FileTally, rows: readonly (Reference | ReferenceRow)[]): void {
    const start = this.#begin();
    const text = tallyText(tally);
    const first = rows[0];
    // a tally is ASCII; most files have one row, which is written together with it
    const told = text.length;
    let length = this.#write(first === undefined ? text : text + rowText(first)) - told;
    if (rows.length > 1) for (const row of rows.slice(1)) length += this.#write(rowText(row));
    this.#writeHead(start, key, told, length);
  }

  /** A record of one text alone, without a tally. */
  addText(key: number, text: string): void {
    const start = this.#begin();
    this.#writeHead(start, key, 0, this.#write(text));
  }

  /** Bytes that were written and not taken yet. */
  get length(): number {
    return this.#length;
  }

  /** What was written, in memory of its own; the writer begins anew. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#use(Buffer.alloc(0));
    this.#length = 0;
    return taken;
  }

  /** Leaves room for the head of a record; gives its place. */
  #begin(): number {
    const start = this.#length;
    this.#require(RECORD_HEAD);
    this.#length += RECORD_HEAD;
    return start;
  }

  #writeHead(start: number, key: number, tally: number, rows: number): void {
    this.#numbers.setUint32(start, key, true);
    this.#numbers.setUint32(start + 4, tally, true);
    this.#numbers.setUint32(start + 8, rows, true);
  }

  #write(text: string): number {
    // no UTF-16 unit takes more than 3 bytes of UTF-8
    this.#require(3 * text.length);
    const written = this.#bytes.write(text, this.#length);
    this.#length += written;
    return written;
  }

  #require(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_ROOM, wanted, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#use(grown);
  }

  #use(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/** What was written last: most files of a tree have the same tally. */
let last: { readonly tally: FileTally; readonly text: string } | null = null;

function tallyText(tally: FileTally): string {
  if (last?.tally === tally) return last.text;
  if (last === null || !isSame(last.tally, tally)) last = { tally, text: JSON.stringify(tally) };
  return last.text;
}

/** Of tallies with one kind and no more; any others are taken for different ones. */
function isSame(left: FileTally, right: FileTally): boolean {
  const [kind, other] = [left.kinds[0], right.kinds[0]];
  return (
    left.kinds.length === 1 &&
    right.kinds.length === 1 &&
    left.room === right.room &&
    left.isEditable === right.isEditable &&
    left.changed === undefined &&
    right.changed === undefined &&
    kind?.code === other?.code &&
    kind?.fix === other?.fix &&
    kind?.word === other?.word &&
    kind?.count === other?.count
  );
}

const tallies = new Map<string, FileTally>();

/** The tally that bytes are from here to there. */
export function tallyIn(bytes: Buffer, start: number, end: number): FileTally {
  const text = bytes.toString('latin1', start, end);
  const known = tallies.get(text);
  if (known !== undefined) return known;
  // written as JSON.stringify writes it
  const tally = JSON.parse(bytes.toString('utf8', start, end)) as FileTally;
  if (tallies.size >= REMEMBERED) tallies.clear();
  tallies.set(text, tally);
  return tally;
}

class StoredRecord implements RowRecord {
  readonly key: number;
  readonly bytes: Buffer;
  readonly #rowsAt: number;

  constructor(bytes: Buffer, rowsAt: number) {
    this.key = bytes.readUInt32LE(0);
    this.bytes = bytes;
    this.#rowsAt = rowsAt;
  }

  get tally(): FileTally {
    return tallyIn(this.bytes, RECORD_HEAD, this.#rowsAt);
  }

  get rows(): Buffer {
    return this.bytes.subarray(this.#rowsAt);
  }
}

/** The record that begins at an offset. */
export function recordAt(bytes: Buffer, at: number): RowRecord {
  const rowsAt = RECORD_HEAD + bytes.readUInt32LE(at + 4);
  return new StoredRecord(bytes.subarray(at, at + recordLength(bytes, at)), rowsAt);
}

/** The key of the record that begins at an offset. */
export function keyAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at);
}

/** Puts a record under another key, where it stands. */
export function setKey({ bytes }: RowRecord, key: number): void {
  bytes.writeUInt32LE(key);
}

/** How long a record is; its first bytes tell. */
export function recordLength(bytes: Buffer, at = 0): number {
  return RECORD_HEAD + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8);
}

/** Records that stand one after another. */
export function* recordsIn(bytes: Buffer): Generator<RowRecord> {
  for (let at = 0; at < bytes.length;) {
    const record = recordAt(bytes, at);
    yield record;
    at += record.bytes.length;
  }
}
