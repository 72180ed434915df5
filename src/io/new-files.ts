/** Writes what comes in the place of an original, in the run's folder: nothing of the tree is touched. */
import { chmodSync, closeSync, constants, ftruncateSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import type { NewContent } from '../formats/follows.ts';
import { placeIn, type Run } from './journal.ts';

/** Zeros of this length, on its own boundary, become a hole. */
const HOLE = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE);

/**
 * Writes the new file of step `index` from its chunks. Only the owner can read it until it gets its attributes. `sparse` leaves
 * holes where there are zeros, so that a file that takes no room goes on taking none.
 */
export function writeNewFile(run: Run, index: number, chunks: Iterable<Buffer>, sparse: boolean): NewContent {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = openSync(placeIn(run, 'new', index), flags, 0o600);
  try {
    const digest = createHash('sha256');
    let size = 0;
    for (const chunk of chunks) {
      digest.update(chunk);
      if (sparse) writeAroundHoles(file, chunk, size);
      else writeWhole(file, chunk, size);
      size += chunk.length;
    }
    if (sparse) ftruncateSync(file, size);
    return { digest: digest.digest('hex'), size };
  } finally {
    closeSync(file);
  }
}

/** Makes the new symlink of step `index`; its text is bytes. */
export function makeNewSymlink(run: Run, index: number, target: Buffer): void {
  symlinkSync(target, placeIn(run, 'new', index));
}

/** Writes one of relocate's own records, for everyone to read. */
export function writeOwnRecord(run: Run, index: number, text: string): void {
  writeNewFile(run, index, [Buffer.from(text, 'utf8')], false);
  chmodSync(placeIn(run, 'new', index), 0o644);
}

function writeAroundHoles(file: number, chunk: Buffer, position: number): void {
  for (let at = 0; at < chunk.length;) {
    const end = Math.min(chunk.length, at + HOLE - ((position + at) % HOLE));
    const piece = chunk.subarray(at, end);
    if (!piece.equals(ZEROS.subarray(0, piece.length))) writeWhole(file, piece, position + at);
    at = end;
  }
}

function writeWhole(file: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, position + at);
}
