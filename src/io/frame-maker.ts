/**
 * Makes the frames of an archive: reads files, puts their new bytes behind their headers, and proves what it made. Contents have the
 * digest that the manifest says, name no prefix that it does not tell of, headers read back as what they were written for, and the
 * compressed frame is unpacked again and held against what was put in.
 */
import { hash } from 'node:crypto';
import { showBytes } from '../formats/byte-text.ts';
import { manifestEntryDiffers } from '../formats/archive-agreement.ts';
import { compileNeedles, judgeHits, type Needles } from '../formats/needles.ts';
import { BLOCK, END_OF_ARCHIVE, paddingOf, type TarEntry } from '../formats/tar-entry.ts';
import { parsePax } from '../formats/tar-pax.ts';
import { readBlock, readFields } from '../formats/tar-read.ts';
import { writeHeader } from '../formats/tar-write.ts';
import { ArchiveError, StalePlanError } from '../model/errors.ts';
import { compressionOf, isZeros, type Compression } from './compression.ts';
import { changedContent } from './content.ts';
import { errorCode, hostPath } from './entries.ts';
import { withFile } from './file-read.ts';
import { fill } from './fill.ts';
import type { FileSource, FrameFile, FrameSettings, FrameTask, PackedFrame } from './frame-tasks.ts';
import { readPieces } from './pieces.ts';
import { searchKernel, type SearchKernel } from './search-kernel.ts';
import { measureFrame, unpackerOf, type Unpack } from './unpacking.ts';

/** Contents of one file in the frame. */
interface Span {
  readonly file: FrameFile;
  readonly start: number;
  readonly end: number;
}

export class FrameMaker {
  readonly #compression: Compression;
  /** Null where frames are as they are packed. */
  readonly #unpack: Unpack | null;
  readonly #needles: Needles;
  /** Its buffer is the frame: what is read into it is searched where it lies. */
  readonly #kernel: SearchKernel;
  /** Frames of zeros (holes of sparse files) by their size: all alike. */
  readonly #zeros = new Map<number, Uint8Array>();

  private constructor({ prefixes }: FrameSettings, compression: Compression, unpack: Unpack | null) {
    this.#compression = compression;
    this.#unpack = unpack;
    this.#needles = compileNeedles(prefixes);
    // a file is asked for one byte more than it has
    this.#kernel = searchKernel(this.#needles, this.#compression.frameBytes + BLOCK);
  }

  static async with(settings: FrameSettings): Promise<FrameMaker> {
    const { compression: name, level } = settings;
    const compression = await compressionOf(name, level ?? undefined);
    return new FrameMaker(settings, compression, name === 'none' ? null : await unpackerOf(name));
  }

  /**
   * @throws StalePlanError where a file is not what it was; ArchiveError where the frame does not prove right
   */
  make({ head, entries, isLast }: FrameTask): PackedFrame {
    const { buffer } = this.#kernel;
    const spans: Span[] = [];
    buffer.set(head);
    let at = head.length;
    for (const { header, file } of entries) {
      const head = provenHeader(header);
      at += head.copy(buffer, at);
      if (file === null) continue;
      const end = fillIn(buffer, at, header.size, file);
      requireDigest(hash('sha256', buffer.subarray(at, end)), file);
      spans.push({ file, start: at, end });
      at = end + paddingOf(header.size);
      buffer.fill(0, end, at);
    }
    if (spans.length > 0) this.#search(at, spans);
    if (isLast) at += END_OF_ARCHIVE.copy(buffer, at);
    return this.#pack(buffer.subarray(0, at));
  }

  /** Counts prefixes in all contents at once, and judges the few places where one may stand by its own file. */
  #search(length: number, spans: readonly Span[]): void {
    const found = this.#kernel.find(length);
    const places: { readonly needle: number; readonly at: number }[] = [];
    for (let i = 0; i < found.length; i += 2) places.push({ needle: found[i] ?? 0, at: found[i + 1] ?? 0 });
    places.sort((a, b) => a.at - b.at);
    let next = 0;
    for (const { file, start, end } of spans) {
      while ((places[next]?.at ?? Infinity) < start) next++;
      const own: number[] = [];
      for (let place = places[next]; place !== undefined && place.at < end; place = places[++next])
        if (place.at + (this.#needles.needles[place.needle]?.bytes.length ?? 0) <= end)
          own.push(place.needle, place.at - start);
      const hits = judgeHits(this.#kernel.buffer.subarray(start, end), this.#needles, own);
      requireRemains(file.path, hits.length, file.remains);
    }
  }

  #pack(frame: Buffer): PackedFrame {
    const contents = frame.length;
    const known = this.#zeros.get(contents);
    if (known !== undefined && isZeros(frame)) return { bytes: known.slice(), contents };
    const bytes = this.#compression.compress(frame);
    this.#requireUnpacks(bytes, frame);
    // the frame is used again, and what shares its memory with others can't be handed to another thread
    const own = this.#unpack !== null && bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
    if (known === undefined && isZeros(frame)) this.#zeros.set(contents, new Uint8Array(own));
    return { bytes: own, contents };
  }

  #requireUnpacks(bytes: Buffer, frame: Buffer): void {
    const { name } = this.#compression;
    if (name === 'none' || this.#unpack === null) return;
    const sizes = measureFrame(name, (at, length) => bytes.subarray(at, at + length), 0);
    if (sizes.member !== bytes.length || !this.#unpack(bytes, sizes).equals(frame))
      throw new ArchiveError(
        'pack-proof',
        'a frame unpacks to something else than was packed; nothing was kept: is the memory in order?',
      );
  }
}

/** The header of an entry, read back as install will. */
export function provenHeader(written: TarEntry): Buffer {
  const head = writeHeader(written);
  const block = head.subarray(-BLOCK);
  const first = readBlock(head.subarray(0, BLOCK));
  const records = first.kind === 'pax' ? parsePax(head.subarray(BLOCK, BLOCK + first.size)) : {};
  const last = readBlock(block);
  const differs =
    last.kind === 'entry'
      ? manifestEntryDiffers(written, readFields(last.type, block, records))
      : new ArchiveError('pack-proof', `the header of '${showBytes(written.path)}' is not read as one`);
  if (differs !== null) throw differs;
  return head;
}

/** Reads the new bytes of a file into the frame; returns where they end. */
function fillIn(frame: Buffer, start: number, size: number, file: FrameFile): number {
  if (file.change !== null) return fillChanged(frame, start, size, file);
  try {
    return fillPlain(frame, start, size, file);
  } catch (error) {
    throw readable(error, file.path);
  }
}

/** What the system says of a file that was read before is that it changed. */
function readable(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error;
  return staleFile(path, `it can't be read any more (${errorCode(error)})`);
}

function fillPlain(frame: Buffer, start: number, size: number, { root, path }: FrameFile): number {
  // one byte more tells that it has grown
  const room = frame.subarray(start, start + size + 1);
  const filled = withFile(root, path, (descriptor) => fill(descriptor, room, 0, size));
  if (filled !== size) throw resized(path, filled > size);
  return start + size;
}

function fillChanged(frame: Buffer, start: number, size: number, file: FrameFile): number {
  const end = start + size;
  let at = start;
  for (const piece of piecesOf(file)) {
    if (at + piece.length > end) throw resized(file.path, true);
    at += piece.copy(frame, at);
  }
  if (at !== end) throw resized(file.path, false);
  return end;
}

/** The new bytes of a file of any size, piece by piece, each valid until the next is asked for. */
export function* piecesOf({ root, path, change }: FileSource): Generator<Buffer, void, void> {
  const planned = { kind: 'content', file: path, aliases: [], edits: [], follows: [], renders: [] } as const;
  try {
    if (change === null) yield* readPieces(hostPath(root, path));
    else yield* changedContent(root, { ...planned, ...change }, () => undefined);
  } catch (error) {
    throw readable(error, path);
  }
}

/** @throws StalePlanError where a file has another digest than the manifest says */
export function requireDigest(digest: string, { path, sha256 }: FrameFile): void {
  if (digest !== sha256) throw staleFile(path, 'it was written to');
}

/** @throws ArchiveError where a file names the build more often than the manifest tells, or less */
export function requireRemains(path: string, found: number, expected: number): void {
  if (found !== expected)
    throw new ArchiveError(
      'pack-leftover',
      `the archive is not right and was not kept: ${showBytes(path)}: names the build ${found} times, and the manifest tells of ${expected}`,
    );
}

function staleFile(path: string, why: string): StalePlanError {
  return new StalePlanError(`${showBytes(path)} changed since the tree was scanned: ${why}; scan again`);
}

export function resized(path: string, hasGrown: boolean): StalePlanError {
  return new StalePlanError(
    `${showBytes(path)} changed while it was packed: it ${hasGrown ? 'grew' : 'shrank'}; stop what writes to it, or declare it volatile`,
  );
}
