/** What the files of a pack hold behind the plan: read, hashed and searched before the first byte of the archive is written. */
import { compareBytes } from '../formats/byte-text.ts';
import {
  contentSplices,
  inFollowOrder,
  rowsByRecord,
  type ContentChange,
  type NewContent,
} from '../formats/follows.ts';
import { mergeSorted } from '../formats/merge-sorted.ts';
import { packedSites } from '../formats/packed-sites.ts';
import type { FramePool } from '../io/frame-pool.ts';
import type { FileSource, Measured } from '../io/frame-tasks.ts';
import { rootOf } from '../model/bundle.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { FileChange } from '../model/plan.ts';
import type { Site } from '../model/reference.ts';
import type { Pace } from './pace.ts';
import type { PlannedFile } from './pack-plan.ts';
import type { PackScan } from './pack-scan.ts';
import type { Spool } from './pack-volatile.ts';
import { PackedFiles } from './packed-files.ts';

export interface Contents {
  readonly files: PackedFiles;
  /** New targets of symlinks. */
  readonly targets: ReadonlyMap<TreePath, string>;
  /** Prefixes of the build that some file still names. */
  readonly origins: ReadonlySet<AbsolutePath>;
}

/** Kinds of sites that are not in the bytes of a file. */
const ABOUT_ENTRIES: ReadonlySet<Site['kind']> = new Set(['symlink', 'entry']);

/** Files that are measured in one go. */
const BATCH_FILES = 64;

/**
 * Reads every file that changes, that names a prefix, or that is volatile; the rest is as the scan hashed it.
 * @param planned in order
 * @param removed what is not packed, as the plan says
 */
export async function prepareContents(
  scan: PackScan,
  planned: Iterable<PlannedFile>,
  removed: ReadonlyMap<TreePath, string>,
  spool: Spool,
  pool: FramePool,
  pace: Pace,
): Promise<Contents> {
  const preparation = new Preparation(scan, removed, spool);
  try {
    const pending: Promise<void>[] = [];
    for (const batch of preparation.batches(planned)) {
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
    for (const work of preparation.lists()) {
      const source = preparation.sourceOf(work.change);
      preparation.add({ ...work, source }, pool.measureNow(source));
      await pace.rest();
    }
    return preparation.contents();
  } catch (error) {
    preparation.contents().files.close();
    throw error;
  }
}

/** A file that is looked at, and its place among those. */
interface Work {
  readonly key: number;
  readonly change: ContentChange;
}

/** One that is measured. */
interface Measuring extends Work {
  readonly source: FileSource;
}

class Preparation {
  readonly #removed: ReadonlyMap<TreePath, string>;
  readonly #spool: Spool;
  /** Copies that are not what the scan saw. */
  readonly #copies: ReadonlySet<TreePath>;
  readonly #files: PackedFiles;
  readonly #targets = new Map<TreePath, string>();
  readonly #origins = new Set<AbsolutePath>();
  /** The rows of each RECORD. */
  readonly #rows: ReadonlyMap<TreePath, ContentChange['follows']>;
  /** Files that rows are about, and the new content of those that change. */
  readonly #followed: ReadonlySet<TreePath>;
  readonly #newContent = new Map<TreePath, NewContent>();
  /** Those of them that install fills in, and that have no rows themselves. */
  readonly #filledIn = new Set<TreePath>();
  /** The first name of each inode, by its other names. */
  readonly #nameOf = new Map<TreePath, TreePath>();
  /** Files that list the digests of others: those that change, those that name a prefix, and the rest. */
  readonly #lists: readonly [Work[], Work[], Work[]] = [[], [], []];

  constructor(scan: PackScan, removed: ReadonlyMap<TreePath, string>, spool: Spool) {
    this.#removed = removed;
    this.#spool = spool;
    this.#copies = new Set(spool.changed.map(({ file }) => file));
    this.#rows = rowsByRecord(scan.dependents);
    this.#followed = new Set(scan.dependents.flatMap(({ kind, of }) => (kind === 'record-row' ? [of] : [])));
    this.#files = new PackedFiles(scan.prefixes, (file) => spool.rootOf(file) ?? rootOf(file, scan));
  }

  /** What is looked at, in batches. Files that list the digests of others come last. */
  *batches(planned: Iterable<PlannedFile>): Generator<readonly Measuring[], void, void> {
    let batch: Measuring[] = [];
    let key = 0;
    for (const file of this.#withCopies(planned)) {
      const change = this.#workOf(file);
      if (change === null) continue;
      const work = { key: key++, change };
      if (this.#rows.has(file.file)) {
        this.#lists[change === file.change ? 0 : namesPrefix(file) ? 1 : 2].push(work);
        continue;
      }
      batch.push({ ...work, source: this.sourceOf(change) });
      if (batch.length < BATCH_FILES) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** Those, in the order in which the digests that they list become known. */
  *lists(): Generator<Work, void, void> {
    const [changed, ...others] = this.#lists;
    const workOf = new Map<FileChange, Work>(changed.map((work) => [work.change, work]));
    for (const change of inFollowOrder([...workOf.keys()])) {
      const work = workOf.get(change);
      if (work !== undefined) yield work;
    }
    yield* others.flat();
  }

  /** Where the new bytes come from; of a list the digests that it lists are known by now. */
  sourceOf(change: ContentChange): FileSource {
    const { file, before, seals } = change;
    const splices = contentSplices(change, this.#newContentOf);
    return { root: this.#files.rootOf(file), path: file, change: { before, splices, seals } };
  }

  addAll(files: readonly Measuring[], measured: readonly Measured[]): void {
    for (const [index, each] of measured.entries()) {
      const file = files[index];
      if (file !== undefined) this.add(file, each);
    }
  }

  add({ key, change, source }: Measuring, { named, size, sha256, remains }: Measured): void {
    const { file, before, aliases } = change;
    const isChanged = sha256 !== before;
    const where = packedSites(change, this.#rowsOf(file), this.#newContentOf, this.#firstName);
    if (isChanged || this.#copies.has(file) || remains + where.sites.length + where.rows.length > 0) {
      const { sites, rows, seals } = where;
      const edited = isChanged ? source.change : null;
      this.#files.add(key, { path: file, size, sha256, remains, sites, rows, seals, change: edited });
    }
    for (const prefix of named) this.#origins.add(prefix);
    for (const name of [file, ...aliases]) {
      if (!this.#followed.has(name)) continue;
      if (isChanged) this.#newContent.set(name, { digest: sha256, size });
      if (where.sites.length > 0 && where.rows.length === 0) this.#filledIn.add(file);
    }
  }

  contents(): Contents {
    return { files: this.#files, targets: this.#targets, origins: this.#origins };
  }

  /** The files of a plan, and copies that it knows nothing of. */
  *#withCopies(planned: Iterable<PlannedFile>): Generator<PlannedFile, void, void> {
    const copies = this.#spool.changed.map(({ file }): PlannedFile => ({ file, ...NOTHING_FOUND }));
    let last: TreePath | null = null;
    for (const file of mergeSorted(planned, copies, (a, b) => compareBytes(a.file, b.file))) {
      if (file.file !== last) yield file;
      last = file.file;
    }
  }

  /** What is to be read of a file; null where that is nothing. */
  #workOf(planned: PlannedFile): ContentChange | null {
    const { file, facts, change } = planned;
    for (const alias of facts?.aliases ?? []) this.#nameOf.set(alias, file);
    const copied = this.#spool.digestOf(file);
    if (copied !== null && this.#copies.has(file)) return unedited(file, copied);
    if (this.#removed.has(file)) return null;
    if (change?.kind === 'content') return change;
    if (change?.kind === 'retarget')
      for (const name of [file, ...change.aliases]) this.#targets.set(name, change.target);
    return namesPrefix(planned) || this.#rows.has(file) ? unedited(file, copied ?? facts?.digest ?? '') : null;
  }

  readonly #newContentOf = (file: TreePath): NewContent | null | undefined =>
    this.#removed.has(file) ? null : this.#newContent.get(file);

  readonly #firstName = (name: TreePath): TreePath => this.#nameOf.get(name) ?? name;

  /** Rows that install must write again: of files that have sites, known by now since they come first. */
  #rowsOf(file: TreePath): ContentChange['follows'] {
    return (this.#rows.get(file) ?? []).filter((row) => this.#filledIn.has(this.#firstName(row.of)));
  }
}

const NOTHING_FOUND = { facts: null, references: [], change: null, refusals: [] } as const;

function namesPrefix({ references }: PlannedFile): boolean {
  return references.some(({ prefix, site }) => prefix !== null && !ABOUT_ENTRIES.has(site.kind));
}

/** A file that stays as it is, in the words of a change. */
function unedited(file: TreePath, before: string): ContentChange {
  return { file, aliases: [], before, edits: [], kind: 'content', splices: [], follows: [], renders: [], seals: [] };
}
