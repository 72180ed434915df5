/** What the files of a pack hold behind the plan: read, hashed and searched before the first byte of the archive is written. */
import { createHash } from 'node:crypto';
import {
  contentSplices,
  inFollowOrder,
  rowsByRecord,
  type ContentChange,
  type NewContent,
} from '../formats/follows.ts';
import { HitStream } from '../formats/hit-stream.ts';
import { compileNeedles, type Finder, type Needles } from '../formats/needles.ts';
import { packedSites, type PackedSites } from '../formats/packed-sites.ts';
import { requireRemains } from '../io/frame-maker.ts';
import type { FramePool } from '../io/frame-pool.ts';
import type { FileSource, Measured } from '../io/frame-tasks.ts';
import { piecesOf, requireDigest, resized } from '../io/packed-bytes.ts';
import { kernelFinder } from '../io/search-kernel.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { rootOf } from '../model/bundle.ts';
import { allChanges, type FileChange, type Plan } from '../model/plan.ts';
import type { Site } from '../model/reference.ts';
import type { Pace } from './pace.ts';
import type { FullScan } from './scan.ts';
import type { Spool } from './pack-volatile.ts';

/** A file as the archive holds it. */
export interface PackedFile extends PackedSites, Omit<Measured, 'named'> {
  readonly source: FileSource;
  /**
   * Its bytes. Throws StalePlanError, at the latest behind the last, where they are not those that were hashed, ArchiveError where they name
   * a prefix more often than `remains`.
   */
  pieces(): Iterable<Buffer>;
}

export interface Contents {
  /** `size` and `sha256` (hex) of a file that stays as it is. */
  fileOf(path: TreePath, size: number, sha256: string): PackedFile;
  /** Paths that the plan leaves out, with the reason. */
  readonly removed: ReadonlyMap<TreePath, string>;
  /** New targets of symlinks. */
  readonly targets: ReadonlyMap<TreePath, string>;
  /** Prefixes of the build that some file still names. */
  readonly origins: ReadonlySet<AbsolutePath>;
}

/** Kinds of sites that are not in the bytes of a file. */
const ABOUT_ENTRIES: ReadonlySet<Site['kind']> = new Set(['symlink', 'entry']);

const UNCHANGED: PackedSites = { sites: [], rows: [], seals: [] };

/** Files that are measured in one go. */
const BATCH_FILES = 64;

/** Reads every file that changes, that names a prefix, or that is volatile; the rest is as the scan hashed it. */
export async function prepareContents(
  full: FullScan,
  plan: Plan,
  spool: Spool,
  pool: FramePool,
  pace: Pace,
): Promise<Contents> {
  const preparation = new Preparation(full, plan, spool);
  const { files, lists } = preparation.work();
  const pending: Promise<void>[] = [];
  for (let at = 0; at < files.length; at += BATCH_FILES) {
    const batch = files.slice(at, at + BATCH_FILES).map((change) => ({ change, source: preparation.sourceOf(change) }));
    const done = pool
      .measure(batch.map(({ source }) => source))
      .then((measured) => preparation.addAll(batch, measured));
    done.catch(() => {}); // it is awaited in its turn
    pending.push(done);
    await pace.breathe();
    if (pending.length >= pool.room) await pending.shift();
  }
  // in their order: of several files that can't be read the first is told
  for (const done of pending) await done;
  // files that list the digests of others come last, in the order in which those become known
  for (const change of lists) {
    const source = preparation.sourceOf(change);
    preparation.add({ change, source }, pool.measureNow(source));
    await pace.rest();
  }
  return preparation.contents();
}

/** A file that is measured. */
interface Measuring {
  readonly change: ContentChange;
  readonly source: FileSource;
}

class Preparation {
  readonly #full: FullScan;
  readonly #plan: Plan;
  readonly #spool: Spool;
  readonly #needles: Needles;
  /** For files that are larger than a frame. */
  #find: Finder | null = null;
  readonly #files = new Map<TreePath, PackedFile>();
  readonly #newContent = new Map<TreePath, NewContent | null>();
  readonly #origins = new Set<AbsolutePath>();
  /** The rows of each RECORD. */
  readonly #rows: ReadonlyMap<TreePath, ContentChange['follows']>;
  /** The first name of each inode, by its other names. */
  readonly #nameOf = new Map<TreePath, TreePath>();
  /** Digests of files with references, and of those that store digests of others. */
  readonly #digests = new Map<TreePath, string>();

  constructor(full: FullScan, plan: Plan, spool: Spool) {
    this.#full = full;
    this.#plan = plan;
    this.#spool = spool;
    this.#needles = compileNeedles(full.scan.prefixes);
    this.#rows = rowsByRecord(full.scan.dependents);
    for (const { file, aliases, digest } of full.scan.files) {
      this.#digests.set(file, digest);
      for (const alias of aliases) this.#nameOf.set(alias, file);
    }
    for (const change of allChanges(plan))
      if (change.kind === 'remove')
        for (const name of [change.file, ...change.aliases]) this.#newContent.set(name, null);
  }

  /** Everything that is looked at; `lists` are those that list the digests of others. */
  work(): { readonly files: readonly ContentChange[]; readonly lists: readonly ContentChange[] } {
    const isContent = (change: FileChange): change is ContentChange => change.kind === 'content';
    const changes = inFollowOrder(allChanges(this.#plan)).filter(isContent);
    const work = new Map(changes.map((change) => [change.file, change]));
    const { references, dependents } = this.#full.scan;
    const withReferences = references.filter(({ prefix, site }) => prefix !== null && !ABOUT_ENTRIES.has(site.kind));
    const withRows = dependents.filter(({ kind }) => kind === 'record-row');
    for (const { file } of [...withReferences, ...withRows])
      if (!work.has(file) && this.#newContent.get(file) !== null) work.set(file, this.#plain(file));
    for (const { file } of this.#spool.changed) work.set(file, this.#plain(file));
    const lists = new Set<TreePath>(withRows.map(({ file }) => file));
    const all = [...work.values()];
    return { files: all.filter(({ file }) => !lists.has(file)), lists: all.filter(({ file }) => lists.has(file)) };
  }

  /** Where the new bytes come from; of a list the digests that it lists are known by now. */
  sourceOf(change: ContentChange): FileSource {
    const { file, before, seals } = change;
    const splices = contentSplices(change, this.#newContentOf);
    return { root: this.#rootOf(file), path: file, change: { before, splices, seals } };
  }

  addAll(files: readonly Measuring[], measured: readonly Measured[]): void {
    for (const [index, each] of measured.entries()) {
      const file = files[index];
      if (file !== undefined) this.add(file, each);
    }
  }

  add({ change, source }: Measuring, { named, ...measured }: Measured): void {
    const { file, before } = change;
    const { sha256, size } = measured;
    const isChanged = sha256 !== before;
    const where = packedSites(change, this.#rowsOf(file), this.#newContentOf, (name) => this.#nameOf.get(name) ?? name);
    this.#files.set(file, this.#packed(isChanged ? source : { ...source, change: null }, measured, where));
    for (const prefix of named) this.#origins.add(prefix);
    if (isChanged) for (const name of [file, ...change.aliases]) this.#newContent.set(name, { digest: sha256, size });
  }

  contents(): Contents {
    const changes = allChanges(this.#plan);
    return {
      fileOf: (path, size, sha256) => this.#files.get(path) ?? this.#unread(path, size, sha256),
      removed: new Map(
        changes.flatMap((change) =>
          change.kind === 'remove'
            ? [change.file, ...change.aliases].map((name) => [name, change.reason] as const)
            : [],
        ),
      ),
      targets: new Map(
        changes.flatMap((change) => (change.kind === 'retarget' ? [[change.file, change.target] as const] : [])),
      ),
      origins: this.#origins,
    };
  }

  readonly #newContentOf = (file: TreePath): NewContent | null | undefined => this.#newContent.get(file);

  /** Rows that install must write again: of files that have sites, known by now since they come first. */
  #rowsOf(file: TreePath): ContentChange['follows'] {
    return (this.#rows.get(file) ?? []).filter((row) => {
      const followed = this.#files.get(this.#nameOf.get(row.of) ?? row.of);
      return followed !== undefined && followed.sites.length > 0 && followed.rows.length === 0;
    });
  }

  #unread(path: TreePath, size: number, sha256: string): PackedFile {
    return this.#packed({ root: this.#rootOf(path), path, change: null }, { size, sha256, remains: 0 }, UNCHANGED);
  }

  #packed(source: FileSource, measured: Omit<Measured, 'named'>, where: PackedSites): PackedFile {
    const { size, sha256, remains } = measured;
    const { sites, rows, seals } = where;
    // not spread: objects made by spreading have each a layout of its own, which takes more memory than they do
    return { size, sha256, remains, sites, rows, seals, source, pieces: () => this.#proven(source, measured) };
  }

  /** Passes pieces on, and holds them against what was measured: the header of the entry is written already. */
  *#proven(source: FileSource, said: Omit<Measured, 'named'>): Generator<Buffer, void, void> {
    const { size, sha256, remains } = said;
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

  /** A file that stays as it is, in the words of a change. */
  #plain(file: TreePath): ContentChange {
    const before = this.#digestOf(file);
    return { file, aliases: [], before, edits: [], kind: 'content', splices: [], follows: [], renders: [], seals: [] };
  }

  /** Where a file is read: its copy, what comes along, or the tree. */
  #rootOf(file: TreePath): AbsolutePath {
    return this.#spool.rootOf(file) ?? rootOf(file, this.#full.scan);
  }

  #digestOf(file: TreePath): string {
    return this.#spool.digestOf(file) ?? this.#digests.get(file) ?? '';
  }
}
