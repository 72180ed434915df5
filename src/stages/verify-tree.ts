/** Holds a tree on the disk against a manifest: every path, type, mode and digest, and no trace of a place where it is not any more. */
import { compareBytes, showBytes } from '../formats/byte-text.ts';
import { remainsAfter } from '../formats/render.ts';
import { renewSeals } from '../formats/seals.ts';
import { mergeSplices, spliceChunks } from '../formats/splices.ts';
import { bothWays } from '../formats/unrender.ts';
import { errorCode, hostPath } from '../io/entries.ts';
import { FileBatches } from '../io/file-batches.ts';
import type { FileContent, ReadContent } from '../io/file-tasks.ts';
import type { FileThreads } from '../io/file-threads.ts';
import { isSameInode, lookAt } from '../io/look.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import { digestPieces, readPieces } from '../io/pieces.ts';
import type { Entry } from '../model/entry.ts';
import type { Placement } from '../model/install.ts';
import type { FileEntry, ManifestEntry } from '../model/manifest-entry.ts';
import { dirName, isInside, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Difference, DifferenceKind } from '../model/verdict.ts';
import type { Pace } from './pace.ts';
import type { Selection } from './selection.ts';
import { walk } from './walk.ts';

export interface TreeToVerify {
  /** Where to read it; the threads that read its files know it, too. */
  readonly root: AbsolutePath;
  readonly threads: FileThreads;
  /** Where it is, or will be: what the files that were filled in should say. */
  readonly place: AbsolutePath;
  /** The short link by which its fixed slots name it; null where they name the place. */
  readonly via: AbsolutePath | null;
  /** Places where it was before, newest first. */
  readonly formerPlaces: readonly AbsolutePath[];
  /** sha256 (hex) of the files that were filled in. */
  readonly rendered: ReadonlyMap<TreePath, string>;
  /** Paths that may be anything. */
  readonly ignores: Selection;
  /** Modes are set last of all by an install, which may make files unreadable. */
  readonly checksModes: boolean;
}

export interface TreeFindings {
  readonly differences: readonly Difference[];
  /** Byte code that Python wrote anew, or added, or that `fix` removed: no difference, since Python checks it itself. */
  readonly byteCode: number;
}

/** Compares; reads every file once. The manifest and the tree are gone through in step: both are in byte order. */
export async function compareTree(manifest: ManifestStore, tree: TreeToVerify, pace: Pace): Promise<TreeFindings> {
  const comparison = new Comparison(manifest, tree);
  const reader = new FileBatches<FileEntry>(
    tree.threads,
    (entries) => ({ kind: 'read', paths: entries.map(({ path }) => path) }),
    ({ contents }, entries) =>
      contents.forEach((content, i) => {
        const entry = entries[i];
        if (entry !== undefined) comparison.judge(entry, content);
      }),
  );
  // modes and inodes are not asked of a tree that was just written, but for those of hard links
  for (const seen of walk(tree.root, { exclude: tree.ignores, isNamesOnly: !tree.checksModes })) {
    const file = comparison.see(seen);
    if (file !== null) await reader.add(file, file.size);
    await pace.step(file?.size ?? 0);
  }
  comparison.end();
  await reader.settle();
  for (const entry of comparison.later) await reader.add(entry, entry.size);
  await reader.settle();
  return comparison.findings();
}

class Comparison {
  readonly #manifest: ManifestStore;
  readonly #tree: TreeToVerify;
  readonly #entries: Iterator<ManifestEntry, void>;
  /** What has not been seen yet. */
  #next: ManifestEntry | null;
  readonly #retargeted: ReadonlySet<TreePath>;
  readonly #differences: Difference[] = [];
  /** Contents as they are on the disk of files that are right, and that rows of a RECORD follow. */
  readonly #contents = new Map<TreePath, { readonly digest: string; readonly size: number }>();
  /** Files with rows, which are judged when all others are. */
  readonly later: FileEntry[] = [];
  #byteCode = 0;

  constructor(manifest: ManifestStore, tree: TreeToVerify) {
    this.#manifest = manifest;
    this.#tree = tree;
    this.#entries = manifest.entries();
    this.#next = this.#entries.next().value ?? null;
    this.#retargeted = new Set(manifest.head.requirements.interpreters.flatMap(({ links }) => links));
  }

  /** Takes what the walk came by; the entry of a file whose content is wanted now. */
  see(seen: Entry): FileEntry | null {
    if (seen.unreadable !== undefined) {
      this.#differ('unreadable', seen.path, `can't be read (${seen.unreadable})`);
      return null;
    }
    while (this.#next !== null && compareBytes(this.#next.path, seen.path) < 0) this.#miss(this.#next);
    const expected = this.#next;
    if (expected?.path === seen.path) {
      this.#advance();
      return this.#compare(seen, expected);
    }
    this.#extra(seen.path);
    return null;
  }

  /** The walk has come to its end. */
  end(): void {
    while (this.#next !== null) this.#miss(this.#next);
  }

  /** Takes what a file holds. */
  judge(entry: FileEntry, content: FileContent): void {
    if ('unreadable' in content) return this.#differ('unreadable', entry.path, `can't be read (${content.unreadable})`);
    try {
      this.#compareContent(entry, content);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      this.#differ('unreadable', entry.path, `can't be read (${errorCode(error)})`);
    }
  }

  findings(): TreeFindings {
    return { differences: this.#differences, byteCode: this.#byteCode };
  }

  #advance(): void {
    this.#next = this.#entries.next().value ?? null;
  }

  #miss({ path }: ManifestEntry): void {
    this.#advance();
    if (isIgnored(path, this.#tree.ignores)) return;
    if (isByteCode(path)) this.#byteCode++;
    else this.#differ('missing', path, 'is missing');
  }

  #differ(kind: DifferenceKind, path: TreePath, note: string): void {
    this.#differences.push({ kind, path, note });
  }

  #extra(path: TreePath): void {
    if (isByteCode(path) || path.endsWith('/__pycache__') || path === '__pycache__') this.#byteCode++;
    else this.#differ('extra', path, 'is not of the archive');
  }

  #compare(seen: Entry, expected: ManifestEntry): FileEntry | null {
    const type = expected.type === 'hard-link' ? 'file' : expected.type;
    if (seen.type !== type) {
      this.#differ('type', seen.path, `is a ${seen.type} and was a ${type}`);
      return null;
    }
    if (expected.type === 'symlink') this.#compareTarget(seen, expected.target);
    else if (expected.type === 'hard-link') this.#compareInode(seen.path, expected.target);
    else if (this.#tree.checksModes && seen.mode !== expected.mode)
      this.#differ('mode', seen.path, `has mode ${octal(seen.mode)} and had ${octal(expected.mode)}`);
    if (expected.type !== 'file') return null;
    if (expected.rows === undefined) return expected;
    this.later.push(expected);
    return null;
  }

  #compareInode(path: TreePath, target: TreePath): void {
    if (isIgnored(target, this.#tree.ignores)) return;
    const [name, there] = [path, target].map((each) => tryLookAt(hostPath(this.#tree.root, each)));
    if (name?.isFile() === true && there?.isFile() === true && !isSameInode(name, there))
      this.#differ('links', path, `is another file than ${showBytes(target)}, of which it was a hard link`);
  }

  /** A link to a Python outside may lead to another one on this host. */
  #compareTarget({ path, target = '' }: Entry, expected: string): void {
    if (target === expected) return;
    if (this.#retargeted.has(path) && target.startsWith('/') && !isInside(target, this.#tree.place)) return;
    this.#differ('target', path, `leads to ${showBytes(target)} and led to ${showBytes(expected)}`);
  }

  #compareContent(entry: FileEntry, { digest, size, traces }: ReadContent): void {
    const { path } = entry;
    if (this.#isRight(entry, digest, size)) this.#note(entry, digest, size);
    else if (isByteCode(path)) this.#byteCode++;
    else return this.#differ('content', path, 'has other bytes');
    const wanted = remainsAfter(entry);
    if (traces !== wanted && !isByteCode(path))
      this.#differ(
        'leftover',
        path,
        `names a former place ${traces} times${wanted === 0 ? '' : `, and ${wanted} are known`}`,
      );
  }

  /** By the digest that install noted, by the archive's, or by way back from what this place (or a former one) makes of it. */
  #isRight(entry: FileEntry, digest: string, size: number): boolean {
    if (digest === (this.#tree.rendered.get(entry.path) ?? entry.sha256)) return true;
    if (entry.sites === undefined && entry.rows === undefined) return false;
    const { place: here, via, formerPlaces } = this.#tree;
    const placements = [here, ...formerPlaces].flatMap((place): Placement[] => [
      ...(via === null ? [] : [{ place, slots: via }]),
      { place, slots: place },
    ]);
    return placements.some((placement) => this.#isRenderedFor(entry, placement, digest, size));
  }

  #isRenderedFor(entry: FileEntry, placement: Placement, digest: string, size: number): boolean {
    const packedAs = (path: TreePath): { digest: string; size: number } | undefined => {
      const file = this.#manifest.named.get(path);
      return file?.type !== 'file' ? undefined : { digest: file.sha256, size: file.size };
    };
    const ways = bothWays(entry, this.#manifest.head, placement, (path) => this.#contents.get(path), packedAs);
    if (ways === null || ways.backward.some(({ end }) => end > size)) return false;
    if (entry.seals !== undefined && size !== entry.size) return false;
    const sealed = (pieces: Iterable<Buffer>): Iterable<Buffer> => renewSeals(pieces, entry.seals ?? []);
    const packed = (): Iterable<Buffer> =>
      sealed(spliceChunks(readPieces(hostPath(this.#tree.root, entry.path)), mergeSplices(ways.backward)));
    return (
      digestPieces(packed()).digest === entry.sha256 &&
      digestPieces(sealed(spliceChunks(packed(), ways.forward))).digest === digest
    );
  }

  #note(entry: FileEntry, digest: string, size: number): void {
    if (entry.sites !== undefined && this.#manifest.named.has(entry.path))
      this.#contents.set(entry.path, { digest, size });
  }
}

/** Null where nothing is, or can be looked at: that is told where the walk comes by. */
function tryLookAt(place: Buffer): ReturnType<typeof lookAt> {
  try {
    return lookAt(place);
  } catch {
    return null;
  }
}

/** Whether a path or a folder that it is in is one of those that may be anything. */
function isIgnored(path: TreePath, ignores: Selection): boolean {
  for (let at: TreePath = path; at !== ''; at = dirName(at)) if (ignores(at) !== null) return true;
  return false;
}

/** Byte code that Python keeps for itself; it writes it anew whenever it likes. */
function isByteCode(path: TreePath): boolean {
  return /(?:^|\/)__pycache__\/[^/]+\.pyc$/.test(path);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
