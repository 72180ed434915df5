/**
 * Makes the frames of an archive: reads files, puts their new bytes behind their headers, and proves what it made. Contents have the
 * digest that the manifest says, name no prefix that it does not tell of, headers read back as what they were written for, and the
 * compressed frame is unpacked again and held against what was put in.
 */
import { createHash, hash } from 'node:crypto';
import { showBytes } from '../formats/byte-text.ts';
import { HitStream } from '../formats/hit-stream.ts';
import { compileNeedles, judgeHits, type Finder, type Hit, type Needles } from '../formats/needles.ts';
import { provenHeader } from '../formats/proven-header.ts';
import { BLOCK, END_OF_ARCHIVE, paddingOf } from '../formats/tar-entry.ts';
import { ArchiveError } from '../model/errors.ts';
import type { AbsolutePath } from '../model/path.ts';
import { compressionOf, isZeros, type Compression } from './compression.ts';
import type { FileSource, FrameFile, FrameSettings, FrameTask, Measured, PackedFrame } from './frame-tasks.ts';
import { FileBytes, piecesOf, requireDigest, resized } from './packed-bytes.ts';
import { kernelFinder, searchKernel, type SearchKernel } from './search-kernel.ts';
import { measureFrame, unpackingProof, type UnpacksTo } from './unpacking.ts';

/** Contents of one file in the frame. */
interface Span {
  readonly file: FrameFile;
  readonly start: number;
  readonly end: number;
}

export class FrameMaker {
  readonly #compression: Compression;
  /** Null where frames are as they are packed. */
  readonly #unpacksTo: UnpacksTo | null;
  readonly #needles: Needles;
  /** Its buffer is the frame: what is read into it is searched where it lies. */
  readonly #kernel: SearchKernel;
  /** For what does not fit into it. */
  #find: Finder | null = null;
  readonly #files: FileBytes;
  /** Frames of zeros (holes of sparse files) by their size: all alike. */
  readonly #zeros = new Map<number, Uint8Array>();

  private constructor({ prefixes }: FrameSettings, compression: Compression, unpacksTo: UnpacksTo | null) {
    const { frameBytes } = compression;
    this.#compression = compression;
    this.#unpacksTo = unpacksTo;
    this.#needles = compileNeedles(prefixes);
    // a file is asked for one byte more than it has
    this.#kernel = searchKernel(this.#needles, frameBytes + BLOCK);
    this.#files = new FileBytes(frameBytes);
  }

  static async with(settings: FrameSettings): Promise<FrameMaker> {
    const { compression: name, level } = settings;
    const compression = await compressionOf(name, level ?? undefined);
    return new FrameMaker(settings, compression, name === 'none' ? null : await unpackingProof(name));
  }

  /** Bytes of the archive that a frame holds at most. */
  get frameBytes(): number {
    return this.#compression.frameBytes;
  }

  /**
   * Makes a frame in memory that is given (`ROOM_OF_FRAME`).
   * @throws StalePlanError where a file is not what it was; ArchiveError where the frame does not prove right
   */
  make({ head, entries, isLast }: FrameTask, room: ArrayBuffer): PackedFrame {
    const { buffer } = this.#kernel;
    const spans: Span[] = [];
    buffer.set(head);
    let at = head.length;
    for (const { header, file } of entries) {
      at += provenHeader(header).copy(buffer, at);
      if (file === null) continue;
      const end = this.#read(at, header.size, file);
      spans.push({ file, start: at, end });
      at = end + paddingOf(header.size);
      buffer.fill(0, end, at);
    }
    if (spans.length > 0) this.#search(at, spans);
    if (isLast) at += END_OF_ARCHIVE.copy(buffer, at);
    return this.#pack(buffer.subarray(0, at), room);
  }

  /**
   * What the bytes of a file come to behind its edits.
   * @throws StalePlanError where the file is not what was scanned
   */
  measure(source: FileSource): Measured {
    const { buffer } = this.#kernel;
    const put = this.#files.put(buffer, 0, source);
    if (put === null) return this.#measurePieces(piecesOf(source));
    if (put.original !== null && source.change !== null)
      requireDigest(hash('sha256', put.original), source.change.before, source.path);
    const bytes = buffer.subarray(0, put.end);
    const hits = judgeHits(bytes, this.#needles, this.#kernel.find(put.end));
    const named = hits.length === 0 ? [] : [...new Set(hits.map(({ prefix }) => prefix.path))];
    return { size: put.end, sha256: hash('sha256', bytes), remains: hits.length, named };
  }

  #measurePieces(pieces: Iterable<Buffer>): Measured {
    const digest = createHash('sha256');
    const search = new HitStream(this.#needles, undefined, (this.#find ??= kernelFinder(this.#needles)));
    const named = new Set<AbsolutePath>();
    let size = 0;
    let remains = 0;
    const count = (hits: readonly Hit[]): void => {
      remains += hits.length;
      for (const { prefix } of hits) named.add(prefix.path);
    };
    for (const piece of pieces) {
      digest.update(piece);
      size += piece.length;
      count(search.push(piece));
    }
    count(search.end());
    return { sha256: digest.digest('hex'), size, remains, named: [...named] };
  }

  /**
   * Reads the new bytes of a file into the frame; returns where they end. They are those that were measured, and so made from what was scanned:
   * what stands in the tree needs no other look.
   */
  #read(start: number, size: number, file: FrameFile): number {
    const { buffer } = this.#kernel;
    const put = this.#files.put(buffer, start, file, size);
    const end = put === null ? putPieces(buffer, start, size, file) : put.end;
    if (end !== start + size) throw resized(file.path, end > start + size);
    requireDigest(hash('sha256', buffer.subarray(start, end)), file.sha256, file.path);
    return end;
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

  #pack(frame: Buffer, room: ArrayBuffer): PackedFrame {
    const contents = frame.length;
    const known = this.#zeros.get(contents);
    if (known !== undefined && isZeros(frame)) {
      new Uint8Array(room).set(known);
      return { bytes: new Uint8Array(room, 0, known.length), contents };
    }
    const bytes = Buffer.from(room, 0, this.#compression.compress(frame, new Uint8Array(room)));
    this.#requireUnpacks(bytes, frame);
    if (known === undefined && isZeros(frame)) this.#zeros.set(contents, new Uint8Array(bytes));
    return { bytes, contents };
  }

  #requireUnpacks(bytes: Buffer, frame: Buffer): void {
    const { name } = this.#compression;
    if (name === 'none' || this.#unpacksTo === null) return;
    const sizes = measureFrame(name, (at, length) => bytes.subarray(at, at + length), 0);
    const hasSizes = sizes.member === bytes.length && sizes.contents === frame.length;
    if (hasSizes && this.#unpacksTo(bytes, frame, sizes)) return;
    throw new ArchiveError(
      'pack-proof',
      'a frame unpacks to something else than was packed; nothing was kept: is the memory in order?',
    );
  }
}

/** Reads a file that has to be taken piece by piece; returns where it ends. */
function putPieces(frame: Buffer, start: number, size: number, file: FrameFile): number {
  const end = start + size;
  let at = start;
  for (const piece of piecesOf(file)) {
    if (at + piece.length > end) return at + piece.length;
    at += piece.copy(frame, at);
  }
  return at;
}

/** @throws ArchiveError where a file names the build more often than the manifest tells, or less */
export function requireRemains(path: string, found: number, expected: number): void {
  if (found !== expected)
    throw new ArchiveError(
      'pack-leftover',
      `the archive is not right and was not kept: ${showBytes(path)}: names the build ${found} times, and the manifest tells of ${expected}`,
    );
}
