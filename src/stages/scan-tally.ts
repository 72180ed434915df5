/** Gathers the references of a scan with what a plan needs to know of their files, and sums it up in byte order. */
import { compareBytes } from '../formats/byte-text.ts';
import { mayEdit } from '../formats/file-rows.ts';
import { byPlace, byPlaceInFile } from '../formats/reference-order.ts';
import type { EntrySpool } from '../io/entry-spool.ts';
import { factsOfFile, factsOfSymlink, obstacleTo } from '../io/file-facts.ts';
import type { KeyedSpool } from '../io/keyed-spool.ts';
import { placesIn, type Batch, type BatchAnswer, type FileFinding } from '../io/scan-tasks.ts';
import type { Entry } from '../model/entry.ts';
import { dirName, type TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import type { Allowance, Dependent, FileFacts, FoundFile, Scan } from '../model/scan.ts';
import { storesDigests } from '../rules/dependents.ts';
import type { RuleContext } from '../rules/rule.ts';
import { findDependents } from './dependents.ts';
import { changedWhileRead, compiledFrom, summarize } from './scan-summary.ts';
import { unusedAllowances } from './allowances.ts';
import type { TreePlace } from './tree.ts';
import type { Gatherer, TreeTally } from './tree-tally.ts';

/** A path that a pack can't do without. */
export interface UnreadPath {
  readonly path: TreePath;
  /** The system's code, where the walk could not look at it. */
  readonly code: string | null;
}

/** References of a file that are kept together: all of a log's in one text may be more than a string can hold. */
const REFERENCES_TOGETHER = 5000;

/** Takes what a pack wants to know of a tree, and what is many: it is not held. */
export interface PackSink {
  /** Every entry, and the digest of every file. */
  readonly entries: EntrySpool;
  /** Files in which references were found, under their places in the walk; a file with many comes in several parts, the first with its facts. */
  readonly found: KeyedSpool<FoundFile>;
}

/** What a pack needs of a tree besides what went into its sink. */
export interface PackTally extends Pick<Scan, 'tree' | 'prefixes' | 'dependents' | 'excluded' | 'warnings'> {
  /** References that are not in the bytes of files, and facts of files that only depend on others, in order. */
  readonly others: readonly FoundFile[];
  readonly unread: readonly UnreadPath[];
  /** Files that changed while they were read, in order. */
  readonly changed: readonly TreePath[];
}

export class ScanTally implements Gatherer {
  readonly #place: TreePlace;
  readonly #context: RuleContext;
  readonly #sink: PackSink | null;
  /** Files that went into the sink, and whether an edit may change them. */
  readonly #sunk = new Map<TreePath, boolean>();
  /** What could not be looked at, with the system's code, or read. */
  readonly #unread: UnreadPath[] = [];
  /** Digests of files that store those of others: they are read again, and must be what they were. */
  readonly #listDigests = new Map<TreePath, string>();
  readonly #references: Reference[] = [];
  readonly #facts = new Map<TreePath, FileFacts>();
  /** All names of each file that has several; one list for all of them. */
  readonly #names = new Map<TreePath, readonly TreePath[]>();
  /** The first name of each symlink that has several. */
  readonly #linkedSymlinks = new Map<string, TreePath>();
  readonly #obstacles = new Map<TreePath, ReturnType<typeof obstacleTo>>();
  /** How files changed while they were read. */
  readonly #changed = new Map<TreePath, string>();

  /** `sink`: of a scan for a pack. */
  constructor(place: TreePlace, context: RuleContext, sink: PackSink | null) {
    this.#place = place;
    this.#context = context;
    this.#sink = sink;
  }

  seeEntry(entry: Entry, key: number): void {
    this.#sink?.entries.add(entry, key);
    if (entry.unreadable !== undefined) this.#unread.push({ path: entry.path, code: entry.unreadable });
  }

  addOwn(reference: Reference): void {
    this.#references.push(reference);
  }

  addChanged(path: TreePath, how: string): void {
    this.#changed.set(path, how);
  }

  addOfEntry(entry: Entry, _key: number, references: readonly Reference[]): void {
    if (this.#isSecondName(entry, references)) return;
    for (const reference of references) this.#references.push(reference);
    if (entry.type === 'symlink') this.#facts.set(entry.path, factsOfSymlink(this.#place.real, entry));
  }

  addAnswer({ findings }: BatchAnswer, { tasks, keys }: Batch): void {
    const placeOf = placesIn(tasks);
    for (const finding of findings) this.#addFinding(finding, () => keys[placeOf(finding.path)] ?? 0);
  }

  addNames(groups: Iterable<readonly TreePath[]>): void {
    for (const names of groups) for (const name of names) this.#names.set(name, names);
  }

  result(tree: TreeTally, warnings: readonly string[], allowances: readonly Allowance[]): Scan {
    const dependents = this.#addDependents(tree);
    const references = this.#references.sort(byPlace);
    return {
      version: 1,
      tree: this.#place.logical,
      prefixes: this.#context.prefixes,
      summary: summarize(tree.counts, references, compiledFrom(dependents)),
      references,
      files: [...this.#facts.values()].sort((a, b) => compareBytes(a.file, b.file)),
      dependents,
      excluded: tree.excluded.sort((a, b) => compareBytes(a.path, b.path)),
      unusedAllowances: unusedAllowances(allowances, references),
      warnings,
    };
  }

  /** The result of a scan for a pack. */
  packResult(tree: TreeTally, warnings: readonly string[]): PackTally {
    const dependents = this.#addDependents(tree);
    const unread = (this.#sink?.entries.unread ?? []).map((path) => ({ path, code: null }));
    return {
      tree: this.#place.logical,
      prefixes: this.#context.prefixes,
      dependents,
      others: this.#held(),
      excluded: tree.excluded.sort((a, b) => compareBytes(a.path, b.path)),
      unread: [...this.#unread, ...unread].sort((a, b) => compareBytes(a.path, b.path)),
      changed: [...this.#changed.keys()].sort(compareBytes),
      warnings,
    };
  }

  /** What depends on files that may change, when all is known of those; with what the scan itself has to tell of files. */
  #addDependents(tree: TreeTally): readonly Dependent[] {
    for (const [path, how] of this.#changed) this.#references.push(changedWhileRead(path, how));
    const lists = tree.digestLists.map(({ path }) => path);
    const changing = this.#changing();
    const { dependents, references } = findDependents(lists, changing, changing, this.#context, tree.hasFolderLinks);
    for (const reference of references) this.#references.push(reference);
    for (const { file } of dependents)
      if (!this.#facts.has(file) && !this.#sunk.has(file)) this.#facts.set(file, this.#factsAnew(file));
    return dependents;
  }

  /** Files that an edit may change, under all their names. */
  #changing(): Set<TreePath> {
    const changing = new Set<TreePath>();
    const add = (file: TreePath): void => {
      changing.add(file);
      for (const name of this.#names.get(file) ?? this.#facts.get(file)?.aliases ?? []) changing.add(name);
    };
    for (const reference of this.#references) if (mayEdit(reference)) add(reference.file);
    for (const [file, isEditable] of this.#sunk) if (isEditable) add(file);
    return changing;
  }

  /** What did not go into the sink, file by file. */
  #held(): FoundFile[] {
    const files = new Map<TreePath, Reference[]>([...this.#facts.keys()].map((file) => [file, []]));
    for (const reference of this.#references) {
      const known = files.get(reference.file);
      if (known === undefined) files.set(reference.file, [reference]);
      else known.push(reference);
    }
    return [...files]
      .map(([file, references]) => ({
        file,
        facts: this.#facts.get(file) ?? null,
        references: references.sort(byPlaceInFile),
      }))
      .sort((a, b) => compareBytes(a.file, b.file));
  }

  #factsAnew(file: TreePath): FileFacts {
    const facts = factsOfFile(this.#place.real, file, this.#otherNames(file));
    const digest = this.#listDigests.get(file);
    return digest === undefined ? facts : { ...facts, digest };
  }

  #otherNames(file: TreePath): TreePath[] {
    return (this.#names.get(file) ?? []).filter((name) => name !== file);
  }

  #addFinding(finding: FileFinding, keyOf: () => number): void {
    const { path, aliases, references, digest, size, mode } = finding;
    const entry = digest === null ? null : (this.#sink?.entries.addDigest(path, digest) ?? null);
    if (entry !== null && digest !== null && storesDigests(path)) this.#listDigests.set(path, digest);
    const changed = finding.changed ?? (entry === null ? null : changeSinceWalk(entry, finding));
    if (changed !== null) this.#changed.set(path, changed);
    if (references.length === 0) return;
    const sealed = finding.sealed === undefined ? {} : { sealed: finding.sealed };
    const facts =
      digest === null ? null : { file: path, aliases, digest, size, mode, ...this.#obstacleTo(path), ...sealed };
    if (this.#sink !== null) {
      const key = keyOf();
      const sorted = references.toSorted(byPlaceInFile);
      for (let at = 0; at < sorted.length; at += REFERENCES_TOGETHER) {
        const part = sorted.slice(at, at + REFERENCES_TOGETHER);
        this.#sink.found.add(key, { file: path, facts: at === 0 ? facts : null, references: part });
      }
      this.#sunk.set(path, references.some(mayEdit));
      return;
    }
    // not spread: a log may hold more references than a call takes arguments
    for (const reference of references) this.#references.push(reference);
    if (facts !== null) this.#facts.set(path, facts);
  }

  /** The same for all files of a folder. */
  #obstacleTo(file: TreePath): ReturnType<typeof obstacleTo> {
    const folder = dirName(file);
    const known = this.#obstacles.get(folder) ?? obstacleTo(this.#place.real, file);
    this.#obstacles.set(folder, known);
    return known;
  }

  /** Another name of a symlink that was seen, and one that wants the same text: an alias of that, as with hard links of files. */
  #isSecondName(entry: Entry, references: readonly Reference[]): boolean {
    if (entry.type !== 'symlink' || entry.links < 2) return false;
    const key = JSON.stringify([entry.device, entry.inode, references.map(({ relative }) => relative)]);
    const first = this.#linkedSymlinks.get(key);
    if (first === undefined) this.#linkedSymlinks.set(key, entry.path);
    const facts = first === undefined ? undefined : this.#facts.get(first);
    if (facts === undefined) return false;
    this.#facts.set(facts.file, { ...facts, aliases: [...facts.aliases, entry.path] });
    return true;
  }
}

/** What is packed must be what the walk saw. */
function changeSinceWalk(entry: Entry, { size, mtimeMs }: FileFinding): string | null {
  if (entry.size !== size) return `its size was ${entry.size} bytes and ${size} were read`;
  return Math.abs(Number(entry.mtime) / 1e6 - mtimeMs) < A_MICROSECOND ? null : 'it was written to';
}

/** In milliseconds: times that are rounded in two ways differ by less. */
const A_MICROSECOND = 0.001;
