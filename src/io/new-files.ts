/** Writes what comes in the place of an original, in the run's folder: nothing of the tree is touched. */
import { closeSync, constants, fchmodSync, ftruncateSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { createHash, hash, type Hash } from 'node:crypto';
import type { NewContent } from '../formats/follows.ts';
import { putSplices, splicedSize } from '../formats/splices.ts';
import { editedChunks, openPlanned, plannedChunks, requirePlanned, statPlanned, type PlannedFile } from './content.ts';
import { fill } from './fill.ts';
import { placeIn, type Run } from './journal.ts';

/** Zeros of this length, on its own boundary, become a hole. */
const HOLE = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE);

/** What is read at a time, into one buffer for all files: what was read is hashed and written while the processor still has it at hand. */
const CHUNK = 256 * 1024;
let buffer: Buffer | null = null;
/** The new bytes of small files. */
let scratch: Buffer | null = null;

/**
 * Writes the new file of step `index`: the original is read, checked, edited, hashed and written in one pass. Only the owner can read it until
 * it gets its attributes. Where the original has holes, zeros become holes, so that a file that takes no room goes on taking none.
 * @throws StalePlanError where the file is not what the plan was made for
 * @throws RangeError where the edits do not fit into the file
 */
export function writeChanged(run: Run, index: number, planned: PlannedFile): NewContent {
  const original = openPlanned(run.tree, planned);
  try {
    const { size, blocks } = statPlanned(original, planned);
    // `blocks` count 512 bytes (stat(2))
    const target = new Target(run, index, blocks * 512 < size);
    try {
      return size < CHUNK ? writeSmall(original, planned, size, target) : writeLarge(original, planned, target);
    } finally {
      target.close();
    }
  } finally {
    closeSync(original);
  }
}

function writeSmall(original: number, planned: PlannedFile, size: number, target: Target): NewContent {
  buffer ??= Buffer.allocUnsafe(CHUNK);
  const bytes = buffer.subarray(0, fill(original, buffer, 0, size));
  requirePlanned(hash('sha256', bytes), planned);
  const edited =
    planned.seals.length === 0 ? spliced(bytes, planned) : Buffer.concat([...editedChunks([bytes], planned)]);
  target.write(edited);
  return { digest: hash('sha256', edited), size: target.finish() };
}

/** The new bytes of a small file, valid until the next: making memory for each would cost more than the copy. */
function spliced(bytes: Buffer, { splices }: PlannedFile): Buffer {
  const size = splicedSize(bytes.length, splices);
  if (scratch === null || scratch.length < size) scratch = Buffer.allocUnsafe(Math.max(size, CHUNK));
  return scratch.subarray(0, putSplices(bytes, splices, scratch, 0));
}

/** Up to the first edit, old and new have the same bytes: they are hashed once. */
function writeLarge(original: number, planned: PlannedFile, target: Target): NewContent {
  buffer ??= Buffer.allocUnsafe(CHUNK);
  const common = Math.min(planned.splices[0]?.start ?? Infinity, ...planned.seals.map(({ at }) => at));
  const before = createHash('sha256');
  let after: Hash | null = common === 0 ? before.copy() : null;
  for (const chunk of editedChunks(plannedChunks(original, planned, before, buffer, common), planned)) {
    after?.update(chunk);
    target.write(chunk);
    if (target.size === common) after = before.copy();
  }
  return { digest: after?.digest('hex') ?? planned.before, size: target.finish() };
}

/** Makes the new symlink of step `index`; its text is bytes. */
export function makeNewSymlink(run: Run, index: number, target: Buffer): void {
  symlinkSync(target, placeIn(run, 'new', index));
}

/** Writes one of relocate's own records, for everyone to read. */
export function writeOwnRecord(run: Run, index: number, text: string): void {
  const target = new Target(run, index, false);
  try {
    target.write(Buffer.from(text, 'utf8'));
    target.openToAll();
  } finally {
    target.close();
  }
}

/** A new file of a run. */
class Target {
  size = 0;
  readonly #descriptor: number;
  readonly #isSparse: boolean;

  constructor(run: Run, index: number, isSparse: boolean) {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    this.#descriptor = openSync(placeIn(run, 'new', index), flags, 0o600);
    this.#isSparse = isSparse;
  }

  write(chunk: Buffer): void {
    if (this.#isSparse) this.#writeAroundHoles(chunk);
    else this.#writeWhole(chunk, this.size);
    this.size += chunk.length;
  }

  /** Returns its size. */
  finish(): number {
    if (this.#isSparse) ftruncateSync(this.#descriptor, this.size);
    return this.size;
  }

  openToAll(): void {
    fchmodSync(this.#descriptor, 0o644);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #writeAroundHoles(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const position = this.size + at;
      const end = Math.min(chunk.length, at + HOLE - (position % HOLE));
      const piece = chunk.subarray(at, end);
      if (!piece.equals(ZEROS.subarray(0, piece.length))) this.#writeWhole(piece, position);
      at = end;
    }
  }

  #writeWhole(bytes: Buffer, position: number): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at, bytes.length - at, position + at);
  }
}
