/** Holds a tree on the disk against a manifest: every path, type, mode and digest, and no trace of a place where it is not any more. */
import { compareBytes, showBytes } from '../formats/byte-text.ts';
import { remainsAfter } from '../formats/render.ts';
import { errorCode, hostPath } from '../io/entries.ts';
import { FileBatches } from '../io/file-batches.ts';
import type { FileContent, ReadContent } from '../io/file-tasks.ts';
import type { FileThreads } from '../io/file-threads.ts';
import { isSameInode, lookAt } from '../io/look.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import type { Entry } from '../model/entry.ts';
import type { FileEntry, ManifestEntry } from '../model/manifest-entry.ts';
import { dirName, isInside, type TreePath } from '../model/path.ts';
import type { Difference, DifferenceKind } from '../model/verdict.ts';
import type { Pace } from './pace.ts';
import type { Selection } from './selection.ts';
import { ExpectedContents, type PlacedTree } from './verify-contents.ts';
import { walk } from './walk.ts';

export interface TreeToVerify extends PlacedTree {
  /** They know the root of the tree, too. */
  readonly threads: FileThreads;
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
  readonly #tree: TreeToVerify;
  readonly #entries: Iterator<ManifestEntry, void>;
  /** What has not been seen yet. */
  #next: ManifestEntry | null;
  readonly #retargeted: ReadonlySet<TreePath>;
  readonly #differences: Difference[] = [];
  readonly #contents: ExpectedContents;
  /** Files with rows, which are judged when all others are. */
  readonly later: FileEntry[] = [];
  #byteCode = 0;

  constructor(manifest: ManifestStore, tree: TreeToVerify) {
    this.#tree = tree;
    this.#entries = manifest.entries();
    this.#contents = new ExpectedContents(manifest, tree);
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

  #compareContent(entry: FileEntry, content: ReadContent): void {
    const { path } = entry;
    const { traces } = content;
    if (!this.#contents.isRight(entry, content)) {
      if (!isByteCode(path)) return this.#differ('content', path, 'has other bytes');
      this.#byteCode++;
    }
    const wanted = remainsAfter(entry);
    if (traces !== wanted && !isByteCode(path))
      this.#differ(
        'leftover',
        path,
        `names a former place ${traces} times${wanted === 0 ? '' : `, and ${wanted} are known`}`,
      );
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
