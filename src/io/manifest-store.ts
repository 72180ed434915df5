/**
 * The manifest of an archive or of a tree, checked. Its entries stay outside of the heap, as the lines they are, and are read anew for each pass:
 * memory is the same for any number of them.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { encodeBytes } from '../formats/byte-text.ts';
import { digestLine } from '../formats/install-lists.ts';
import { parseEntryLine, parseFrame } from '../formats/manifest-json.ts';
import { EntryKinds, type EntryKind, type EntryOf } from '../formats/manifest-kinds.ts';
import { ManifestCheck, type EntryIndex } from '../formats/manifest-rules.ts';
import { ArchiveError } from '../model/errors.ts';
import type { ManifestEntry } from '../model/manifest-entry.ts';
import { OWN_PATHS, type ManifestHead } from '../model/manifest.ts';
import { joinTree, type TreePath } from '../model/path.ts';
import { linesOf } from './lines.ts';
import { Spill } from './spill.ts';

/** Bytes that are read at a time. */
const PIECE = 256 * 1024;
const NEWLINE = 0x0a;
/** Text of a list that is gathered before it is hashed. */
const GATHERED = 64 * 1024;

/** How a file should be. */
interface Expected {
  readonly size: number;
  /** sha256, hex. */
  readonly sha256: string;
}

export class ManifestStore {
  readonly head: ManifestHead;
  /** sha256 (hex) of its bytes. */
  readonly digest: string;
  readonly kinds: EntryKinds;
  /** The entries that others name: targets of hard links, files that rows follow, what is said of interpreters. */
  readonly named: EntryIndex;
  /** `.relocate/digests.list`, which is made of the manifest alone. */
  readonly digestList: Expected;
  readonly #bytes: ManifestBytes;

  /**
   * Takes the bytes of a manifest that came.
   * @throws ArchiveError where it is not to be believed
   */
  constructor(bytes: ManifestBytes) {
    this.#bytes = bytes;
    this.digest = bytes.digest();
    this.head = parseFrame(bytes.firstLine(), bytes.lastLine());
    const named = this.#requireLines();
    this.kinds = new EntryKinds();
    const check = new ManifestCheck((path) => named.has(path));
    const list = new ListDigest();
    list.add(OWN_PATHS.manifest, this.digest);
    for (const { path, sha256 } of this.head.own) list.add(path, sha256);
    for (const { entry, at } of this.places()) {
      check.add(entry);
      this.kinds.add(entry, at);
      if (entry.type === 'file') list.add(entry.path, entry.sha256);
    }
    this.named = check.end(this.head);
    this.digestList = list.end();
  }

  /** All entries, in byte order of their paths. */
  *entries(): Generator<ManifestEntry, void, void> {
    for (const { entry } of this.places()) yield entry;
  }

  /** Those of a kind, in the same order or from the end. */
  *entriesOf<K extends EntryKind>(
    kind: K,
    order: 'forward' | 'backward' = 'forward',
  ): Generator<EntryOf<K>, void, void> {
    const places = this.kinds.of(kind);
    for (let i = 0; i < places.length; i++)
      yield this.entryAt(places[order === 'forward' ? i : places.length - 1 - i]) as EntryOf<K>; // of this kind, as `kinds` says
  }

  /** The entry at a place that `kinds` was told. */
  entryAt(place = 0): ManifestEntry {
    for (const line of linesOf(this.#bytes.pieces(place, 4096))) return entryIn(line);
    throw new Error('there is no entry at this place of the manifest');
  }

  /** The bytes of the manifest, each piece valid until the next is asked for. */
  pieces(): Generator<Buffer, void, void> {
    return this.#bytes.pieces();
  }

  close(): void {
    this.#bytes.close();
  }

  /** Checks each line. Returns the paths that others name. */
  #requireLines(): ReadonlySet<TreePath> {
    const named = new Set<TreePath>();
    for (const { environment, links } of this.head.requirements.interpreters)
      for (const path of [joinTree(environment, 'pyvenv.cfg'), ...links]) named.add(path);
    let count = 0;
    for (const { line, isLast } of this.#lines()) {
      const entry = parseEntryLine(line.toString('utf8'), count++, isLast);
      if (entry.type === 'hard-link') named.add(entry.target);
      else if (entry.type === 'file') for (const { of } of entry.rows ?? []) named.add(of);
    }
    return named;
  }

  /** All entries with their places, by which `entryAt` finds them. */
  *places(): Generator<{ readonly entry: ManifestEntry; readonly at: number }, void, void> {
    for (const { line, at } of this.#lines()) yield { entry: entryIn(line), at };
  }

  /** The lines between the first and the last one, and where they are. */
  *#lines(): Generator<{ readonly line: Buffer; readonly at: number; readonly isLast: boolean }, void, void> {
    let at = this.#bytes.entriesAt;
    const end = this.#bytes.entriesEnd;
    for (const line of linesOf(this.#bytes.pieces(at))) {
      if (at >= end) return;
      const next = at + line.length + 1;
      yield { line, at, isLast: next >= end };
      at = next;
    }
  }
}

/** Of a line that was checked. */
function entryIn(line: Buffer): ManifestEntry {
  const end = line[line.length - 1] === COMMA ? line.length - 1 : line.length;
  return JSON.parse(line.toString('utf8', 0, end)) as ManifestEntry; // parseEntryLine has looked at it
}

const COMMA = 0x2c;

/** The bytes of a manifest as they come, laid out in lines. */
export class ManifestBytes {
  readonly #spill = new Spill();
  readonly #hash = createHash('sha256');
  /** What came behind the last newline. */
  #rest: Buffer = Buffer.alloc(0);
  #newlines = 0;
  /** Where the second line and the last one begin. */
  entriesAt = 0;
  entriesEnd = 0;
  #lastNewline = -1;

  /** @throws ArchiveError where it is not UTF-8 */
  append(piece: Buffer): void {
    const start = this.#spill.length;
    const end = piece.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      requireUtf8(
        this.#rest.length === 0 ? piece.subarray(0, end) : Buffer.concat([this.#rest, piece.subarray(0, end)]),
      );
      if (this.#newlines === 0) this.entriesAt = start + piece.indexOf(NEWLINE) + 1;
      const before = end > 1 ? piece.lastIndexOf(NEWLINE, end - 2) : -1;
      this.entriesEnd = (before >= 0 ? start + before : this.#lastNewline) + 1;
      this.#lastNewline = start + end - 1;
      this.#newlines += this.#newlines === 0 && before < 0 ? 1 : 2;
    }
    this.#rest = Buffer.concat([end > 0 ? Buffer.alloc(0) : this.#rest, piece.subarray(end)]);
    this.#hash.update(piece);
    this.#spill.append(piece);
  }

  digest(): string {
    requireUtf8(this.#rest);
    if (this.#newlines < 2 || this.#rest.length > 0)
      throw new ArchiveError('manifest-json', 'the manifest is not laid out in lines');
    return this.#hash.digest('hex');
  }

  firstLine(): string {
    return this.#text(0, this.entriesAt - 1);
  }

  lastLine(): string {
    return this.#text(this.entriesEnd, this.#spill.length - 1);
  }

  /** From an offset on; a piece is valid until the next is asked for. */
  *pieces(from = 0, most: number = PIECE): Generator<Buffer, void, void> {
    const { length } = this.#spill;
    const buffer = Buffer.allocUnsafe(Math.min(length - from, most));
    for (let at = from; at < length;) {
      const piece = buffer.subarray(0, Math.min(buffer.length, length - at));
      this.#spill.read(at, piece);
      yield piece;
      at += piece.length;
    }
  }

  close(): void {
    this.#spill.close();
  }

  #text(from: number, to: number): string {
    const bytes = Buffer.allocUnsafe(to - from);
    this.#spill.read(from, bytes);
    return bytes.toString('utf8');
  }
}

function requireUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new ArchiveError('manifest-json', 'the manifest is not UTF-8');
}

/** Size and digest of digests.list, which is never put together. */
class ListDigest {
  readonly #hash = createHash('sha256');
  #text = '';
  #size = 0;

  add(path: TreePath, sha256: string): void {
    this.#text += digestLine(path, sha256);
    if (this.#text.length >= GATHERED) this.#put();
  }

  end(): Expected {
    this.#put();
    return { size: this.#size, sha256: this.#hash.digest('hex') };
  }

  #put(): void {
    const bytes = encodeBytes(this.#text);
    this.#hash.update(bytes);
    this.#size += bytes.length;
    this.#text = '';
  }
}
