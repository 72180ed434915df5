/** Holds a tree on the disk against a manifest: every path, type, mode and digest, and no trace of a place where it is not any more. */
import { showBytes } from '../formats/byte-text.ts';
import { remainsAfter } from '../formats/render.ts';
import { renewSeals } from '../formats/seals.ts';
import { mergeSplices, spliceChunks } from '../formats/splices.ts';
import { bothWays } from '../formats/unrender.ts';
import { errorCode, hostPath } from '../io/entries.ts';
import { FileBatches } from '../io/file-batches.ts';
import type { FileContent, FileSettings, ReadContent } from '../io/file-tasks.ts';
import type { FileThreads } from '../io/file-threads.ts';
import { digestPieces, readPieces } from '../io/pieces.ts';
import type { Entry } from '../model/entry.ts';
import type { Placement } from '../model/install.ts';
import type { FileEntry, Manifest, ManifestEntry } from '../model/manifest.ts';
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

/** Compares; reads every file once. */
export async function compareTree(manifest: Manifest, tree: TreeToVerify, pace: Pace): Promise<TreeFindings> {
  const comparison = new Comparison(manifest, tree);
  const reader = new FileBatches<TreePath>(
    tree.threads,
    (paths) => ({ kind: 'read', paths }),
    ({ contents }) => contents.forEach((content) => comparison.judge(content)),
  );
  for (const seen of walk(tree.root, { exclude: tree.ignores })) {
    if (comparison.see(seen)) await reader.add(seen.path, seen.size);
    await pace.step(seen.size);
  }
  await reader.settle();
  for (const { path, size } of comparison.later) await reader.add(path, size);
  await reader.settle();
  return comparison.findings();
}

/** What the threads that read a tree have to know: the place itself is searched for too, it claims its own bytes where an origin is a part of it. */
export function readingOf(
  manifest: Manifest,
  { root, place, via, formerPlaces }: Pick<TreeToVerify, 'root' | 'place' | 'via' | 'formerPlaces'>,
): FileSettings {
  const { placeholder, origins } = manifest;
  const here = via === null ? [place] : [place, via];
  const places = [...here, ...formerPlaces.filter((path) => !here.includes(path))];
  const prefixes = [...places.map((path) => ({ path, base: '' })), ...origins];
  return { root, words: { placeholder, origins }, prefixes, here };
}

class Comparison {
  readonly #manifest: Manifest;
  readonly #tree: TreeToVerify;
  readonly #expected: Map<TreePath, ManifestEntry>;
  readonly #files: ReadonlyMap<TreePath, FileEntry>;
  readonly #retargeted: ReadonlySet<TreePath>;
  readonly #differences: Difference[] = [];
  readonly #inodes = new Map<TreePath, string>();
  /** Contents as they are on the disk of files that are right: rows of a RECORD follow them. */
  readonly #contents = new Map<TreePath, { readonly digest: string; readonly size: number }>();
  /** Files with rows, which are judged when all others are. */
  readonly later: Entry[] = [];
  #byteCode = 0;

  constructor(manifest: Manifest, tree: TreeToVerify) {
    this.#manifest = manifest;
    this.#tree = tree;
    this.#expected = new Map(manifest.entries.map((entry) => [entry.path, entry]));
    this.#files = new Map(
      manifest.entries.flatMap((entry) => (entry.type === 'file' ? [[entry.path, entry] as const] : [])),
    );
    this.#retargeted = new Set(manifest.requirements.interpreters.flatMap(({ links }) => links));
  }

  /** Whether its content is wanted now. */
  see(seen: Entry): boolean {
    const expected = this.#expected.get(seen.path);
    if (seen.unreadable !== undefined) this.#differ('unreadable', seen.path, `can't be read (${seen.unreadable})`);
    else if (expected === undefined) this.#extra(seen.path);
    else {
      this.#expected.delete(seen.path);
      return this.#compare(seen, expected);
    }
    return false;
  }

  /** Takes what a file holds. */
  judge(content: FileContent): void {
    const entry = this.#files.get(content.path);
    if (entry === undefined) return;
    if ('unreadable' in content) return this.#differ('unreadable', entry.path, `can't be read (${content.unreadable})`);
    try {
      this.#compareContent(entry, content);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      this.#differ('unreadable', entry.path, `can't be read (${errorCode(error)})`);
    }
  }

  findings(): TreeFindings {
    for (const path of this.#expected.keys()) {
      if (isIgnored(path, this.#tree.ignores)) continue;
      if (isByteCode(path)) this.#byteCode++;
      else this.#differ('missing', path, 'is missing');
    }
    this.#compareLinks();
    return { differences: this.#differences, byteCode: this.#byteCode };
  }

  #differ(kind: DifferenceKind, path: TreePath, note: string): void {
    this.#differences.push({ kind, path, note });
  }

  #extra(path: TreePath): void {
    if (isByteCode(path) || path.endsWith('/__pycache__') || path === '__pycache__') this.#byteCode++;
    else this.#differ('extra', path, 'is not of the archive');
  }

  #compare(seen: Entry, expected: ManifestEntry): boolean {
    const type = expected.type === 'hard-link' ? 'file' : expected.type;
    if (seen.type !== type) {
      this.#differ('type', seen.path, `is a ${seen.type} and was a ${type}`);
      return false;
    }
    this.#inodes.set(seen.path, `${seen.device}:${seen.inode}`);
    if (expected.type === 'symlink') this.#compareTarget(seen, expected.target);
    else if (this.#tree.checksModes && 'mode' in expected && seen.mode !== expected.mode)
      this.#differ('mode', seen.path, `has mode ${octal(seen.mode)} and had ${octal(expected.mode)}`);
    if (expected.type !== 'file') return false;
    if (expected.rows === undefined) return true;
    this.later.push(seen);
    return false;
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
      const file = this.#fileEntry(path);
      return file === undefined ? undefined : { digest: file.sha256, size: file.size };
    };
    const ways = bothWays(entry, this.#manifest, placement, (path) => this.#contents.get(path), packedAs);
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
    if (entry.sites !== undefined) this.#contents.set(entry.path, { digest, size });
  }

  #fileEntry(path: TreePath): FileEntry | undefined {
    return this.#files.get(path);
  }

  #compareLinks(): void {
    for (const entry of this.#manifest.entries) {
      if (entry.type !== 'hard-link') continue;
      const [name, target] = [this.#inodes.get(entry.path), this.#inodes.get(entry.target)];
      if (name !== undefined && target !== undefined && name !== target)
        this.#differ(
          'links',
          entry.path,
          `is another file than ${showBytes(entry.target)}, of which it was a hard link`,
        );
    }
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
