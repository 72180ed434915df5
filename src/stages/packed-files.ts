/** Files as an archive holds them: what was measured is kept as bytes, and read again in the order of the paths. */
import { createHash } from 'node:crypto';
import { compareBytes } from '../formats/byte-text.ts';
import { HitStream } from '../formats/hit-stream.ts';
import { compileNeedles, type Finder, type Needles } from '../formats/needles.ts';
import type { PackedSites } from '../formats/packed-sites.ts';
import { requireRemains } from '../io/frame-maker.ts';
import type { FileSource, Measured } from '../io/frame-tasks.ts';
import { KeyedSpool } from '../io/keyed-spool.ts';
import { piecesOf, requireDigest, resized } from '../io/packed-bytes.ts';
import { kernelFinder } from '../io/search-kernel.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';

/** What a file comes to, with all that is not as in the tree. */
export interface FileRecord extends PackedSites, Omit<Measured, 'named'> {
  readonly path: TreePath;
  readonly change: FileSource['change'];
}

/** A file as the archive holds it. */
export interface PackedFile extends Omit<FileRecord, 'path' | 'change'> {
  readonly source: FileSource;
  /**
   * Its bytes. Throws StalePlanError, at the latest behind the last, where they are not those that were hashed, ArchiveError where they name
   * a prefix more often than `remains`.
   */
  pieces(): Iterable<Buffer>;
}

/** Tells of one file after the other; they are asked for in byte order of their paths. `size` and `sha256` (hex) are those of the scan. */
export type FileReader = (path: TreePath, size: number, sha256: string) => PackedFile;

const NONE: readonly never[] = [];

export class PackedFiles {
  /** Where a file is read. */
  readonly rootOf: (path: TreePath) => AbsolutePath;
  readonly #records = new KeyedSpool<FileRecord>();
  readonly #needles: Needles;
  /** For files that are larger than a frame. */
  #find: Finder | null = null;

  constructor(prefixes: readonly Prefix[], rootOf: (path: TreePath) => AbsolutePath) {
    this.#needles = compileNeedles(prefixes);
    this.rootOf = rootOf;
  }

  /** Takes a file that is not as the scan saw it, or of which there is more to tell; keys rise with the paths. */
  add(key: number, record: FileRecord): void {
    this.#records.add(key, record);
  }

  /** Reads from the first on. */
  reader(): FileReader {
    const records = this.#records[Symbol.iterator]();
    let next = records.next();
    return (path, size, sha256) => {
      while (next.done !== true && compareBytes(next.value.path, path) < 0) next = records.next();
      const known = next.done === true || next.value.path !== path ? null : next.value;
      return this.#packed(
        known ?? { path, size, sha256, remains: 0, sites: NONE, rows: NONE, seals: NONE, change: null },
      );
    };
  }

  close(): void {
    this.#records.close();
  }

  #packed(record: FileRecord): PackedFile {
    const { path, change, size, sha256, remains, sites, rows, seals } = record;
    const source = { root: this.rootOf(path), path, change };
    return { size, sha256, remains, sites, rows, seals, source, pieces: () => this.#proven(source, record) };
  }

  /** Passes pieces on, and holds them against what was measured: the header of the entry is written already. */
  *#proven(source: FileSource, { size, sha256, remains }: FileRecord): Generator<Buffer, void, void> {
    const digest = createHash('sha256');
    const search = new HitStream(this.#needles, undefined, (this.#find ??= kernelFinder(this.#needles)));
    let left = size;
    let found = 0;
    for (const piece of piecesOf(source)) {
      left -= piece.length;
      if (left < 0) break;
      digest.update(piece);
      found += search.push(piece).length;
      yield piece;
    }
    found += search.end().length;
    if (left !== 0) throw resized(source.path, left < 0);
    requireDigest(digest.digest('hex'), sha256, source.path);
    requireRemains(source.path, found, remains);
  }
}
