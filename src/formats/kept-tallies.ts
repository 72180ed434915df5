/**
 * Tallies of a report as a cache keeps them, beside the rows: of each file two little-endian numbers of 4 bytes (the bytes of the tally, the bytes
 * of the file's rows as elements of a list), then the tally as JSON.
 */
import type { FileRows, FileTally } from '../model/report.ts';
import { BETWEEN } from './row-list.ts';
import { tallyIn } from './row-records.ts';

/** Bytes of the two numbers. */
export const TALLY_HEAD = 8;

/** Of a file; valid until the next. */
export function encodeTally(file: FileRows): Buffer {
  const { tally } = file;
  // files that have the same have the same object
  if (last?.tally !== tally) last = { tally, count: countOf(tally), encoded: withoutRows(tally) };
  let length = 0;
  for (const rows of file.pieces()) length += rows.length;
  last.encoded.writeUInt32LE(length + last.count * (BETWEEN.length - 1), 4);
  return last.encoded;
}

let last: { readonly tally: FileTally; readonly count: number; readonly encoded: Buffer } | null = null;

function withoutRows(tally: FileTally): Buffer {
  const told = Buffer.from(JSON.stringify(tally));
  const head = Buffer.alloc(TALLY_HEAD);
  head.writeUInt32LE(told.length, 0);
  return Buffer.concat([head, told]);
}

/** Of what stands behind the head: how long the tally is, and the rows. */
export function decodeHead(head: Buffer): { readonly tally: number; readonly rows: number } {
  return { tally: head.readUInt32LE(0), rows: head.readUInt32LE(4) };
}

export function decodeTally(told: Buffer): FileTally {
  return tallyIn(told, 0, told.length);
}

/** How many rows there are. */
function countOf({ kinds }: FileTally): number {
  return kinds.reduce((sum, { count }) => sum + count, 0);
}
