/** What the files of a pack hold behind the plan: read, hashed and searched before the first byte of the archive is written. */
import { createHash } from 'node:crypto';
import { inFollowOrder, rowsByRecord, type ContentChange, type NewContent } from '../formats/follows.ts';
import { HitStream } from '../formats/hit-stream.ts';
import { compileNeedles, type Needles } from '../formats/needles.ts';
import { packedSites, type PackedSites } from '../formats/packed-sites.ts';
import { showBytes } from '../formats/byte-text.ts';
import { changedContent } from '../io/content.ts';
import { unchangedContent } from '../io/unchanged.ts';
import type { Entry } from '../model/entry.ts';
import { StalePlanError } from '../model/errors.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { rootOf } from '../model/bundle.ts';
import { allChanges, type FileChange, type Plan } from '../model/plan.ts';
import type { Site } from '../model/reference.ts';
import type { Pace } from './pace.ts';
import type { FullScan } from './scan.ts';
import type { Spool } from './pack-volatile.ts';

/** A file as the archive holds it. */
export interface PackedFile extends PackedSites {
  readonly size: number;
  readonly sha256: string;
  /** How often it still names a prefix of the build. */
  readonly remains: number;
  /** Its bytes; throws StalePlanError, at the latest behind the last, where they are not those that were hashed. */
  pieces(): Iterable<Buffer>;
}

export interface Contents {
  fileOf(entry: Entry): PackedFile;
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

/** Reads every file that changes, that names a prefix, or that is volatile; the rest is as the scan hashed it. */
export async function prepareContents(full: FullScan, plan: Plan, spool: Spool, pace: Pace): Promise<Contents> {
  const preparation = new Preparation(full, plan, spool);
  for (const change of preparation.work()) {
    preparation.prepare(change);
    await pace.step(0);
  }
  return preparation.contents();
}

class Preparation {
  readonly #full: FullScan;
  readonly #plan: Plan;
  readonly #spool: Spool;
  readonly #needles: Needles;
  readonly #files = new Map<TreePath, PackedFile>();
  readonly #newContent = new Map<TreePath, NewContent | null>();
  readonly #origins = new Set<AbsolutePath>();
  /** The rows of each RECORD. */
  readonly #rows: ReadonlyMap<TreePath, ContentChange['follows']>;
  /** The first name of each inode, by its other names. */
  readonly #nameOf = new Map<TreePath, TreePath>();

  constructor(full: FullScan, plan: Plan, spool: Spool) {
    this.#full = full;
    this.#plan = plan;
    this.#spool = spool;
    this.#needles = compileNeedles(full.scan.prefixes);
    this.#rows = rowsByRecord(full.scan.dependents);
    for (const { file, aliases } of full.scan.files) for (const alias of aliases) this.#nameOf.set(alias, file);
    for (const change of allChanges(plan))
      if (change.kind === 'remove')
        for (const name of [change.file, ...change.aliases]) this.#newContent.set(name, null);
  }

  /** Everything that is looked at; files that list the digests of others come last, in the order in which those become known. */
  *work(): Generator<ContentChange> {
    const isContent = (change: FileChange): change is ContentChange => change.kind === 'content';
    const changes = inFollowOrder(allChanges(this.#plan)).filter(isContent);
    const work = new Map(changes.map((change) => [change.file, change]));
    const { references, dependents } = this.#full.scan;
    const withReferences = references.filter(({ prefix, site }) => prefix !== null && !ABOUT_ENTRIES.has(site.kind));
    const withRows = dependents.filter(({ kind }) => kind === 'record-row');
    for (const { file } of [...withReferences, ...withRows])
      if (!work.has(file) && this.#newContent.get(file) !== null) work.set(file, this.#plain(file));
    for (const { file } of this.#spool.changed()) work.set(file, this.#plain(file));
    const lists = new Set<TreePath>(withRows.map(({ file }) => file));
    for (const [file, change] of work) if (!lists.has(file)) yield change;
    for (const [file, change] of work) if (lists.has(file)) yield change;
  }

  prepare(change: ContentChange): void {
    const newContentOf = (file: TreePath): NewContent | null | undefined => this.#newContent.get(file);
    const pieces = (): Iterable<Buffer> => changedContent(this.#rootOf(change.file), change, newContentOf);
    const { sha256, size, remains } = this.#measure(pieces());
    const where = packedSites(
      change,
      this.#rowsOf(change.file),
      newContentOf,
      (file) => this.#nameOf.get(file) ?? file,
    );
    this.#files.set(change.file, {
      sha256,
      size,
      remains,
      ...where,
      pieces: () => exactly(pieces(), size, change.file),
    });
    if (sha256 !== change.before)
      for (const name of [change.file, ...change.aliases]) this.#newContent.set(name, { digest: sha256, size });
  }

  contents(): Contents {
    const changes = allChanges(this.#plan);
    return {
      fileOf: (entry) => this.#files.get(entry.path) ?? this.#unread(entry),
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

  /** Rows that install must write again: of files that have sites, known by now since they come first. */
  #rowsOf(file: TreePath): ContentChange['follows'] {
    return (this.#rows.get(file) ?? []).filter((row) => {
      const followed = this.#files.get(this.#nameOf.get(row.of) ?? row.of);
      return followed !== undefined && followed.sites.length > 0 && followed.rows.length === 0;
    });
  }

  #unread({ path, size }: Entry): PackedFile {
    const sha256 = this.#digestOf(path);
    const root = this.#rootOf(path);
    const pieces = (): Iterable<Buffer> => exactly(unchangedContent(root, path, sha256), size, path);
    return { ...UNCHANGED, size, sha256, remains: 0, pieces };
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
    return this.#spool.digestOf(file) ?? this.#full.digests.get(file) ?? '';
  }

  #measure(pieces: Iterable<Buffer>): { readonly sha256: string; readonly size: number; readonly remains: number } {
    const digest = createHash('sha256');
    const search = new HitStream(this.#needles);
    let size = 0;
    let remains = 0;
    const count = (hits: ReturnType<HitStream['end']>): void => {
      remains += hits.length;
      for (const { prefix } of hits) this.#origins.add(prefix.path);
    };
    for (const piece of pieces) {
      digest.update(piece);
      size += piece.length;
      count(search.push(piece));
    }
    count(search.end());
    return { sha256: digest.digest('hex'), size, remains };
  }
}

/** Passes pieces on, and makes sure that the header of the entry, which is written already, has the right size. */
function* exactly(pieces: Iterable<Buffer>, size: number, path: TreePath): Generator<Buffer, void, void> {
  let left = size;
  for (const piece of pieces) {
    left -= piece.length;
    if (left < 0) break;
    yield piece;
  }
  if (left !== 0)
    throw new StalePlanError(
      `${showBytes(path)} changed while it was packed: it ${left < 0 ? 'grew' : 'shrank'}; stop what writes to it, or declare it volatile`,
    );
}
