/** Gathers the references of a scan with what a plan needs to know of their files, and sums it up in byte order. */
import { compareBytes } from '../formats/byte-text.ts';
import { mayEdit } from '../formats/file-rows.ts';
import { byPlace } from '../formats/reference-order.ts';
import type { BatchAnswer, FileFinding } from '../io/scan-tasks.ts';
import { factsOfFile, factsOfSymlink, obstacleTo } from '../io/file-facts.ts';
import type { Entry } from '../model/entry.ts';
import { dirName, type TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import type { Allowance, FileFacts, Scan } from '../model/scan.ts';
import type { RuleContext } from '../rules/rule.ts';
import { findDependents } from './dependents.ts';
import { changedWhileRead, summarize } from './scan-summary.ts';
import { unusedAllowances } from './allowances.ts';
import type { TreePlace } from './tree.ts';
import type { Gatherer, TreeTally } from './tree-tally.ts';

export class ScanTally implements Gatherer {
  readonly entries: Entry[] = [];
  readonly digests: Map<string, string> = new Map();
  readonly #place: TreePlace;
  readonly #context: RuleContext;
  readonly #isFull: boolean;
  readonly #references: Reference[] = [];
  readonly #facts = new Map<TreePath, FileFacts>();
  /** All names of each file that has several; one list for all of them. */
  readonly #names = new Map<TreePath, readonly TreePath[]>();
  /** The first name of each symlink that has several. */
  readonly #linkedSymlinks = new Map<string, TreePath>();
  readonly #entryOf = new Map<TreePath, Entry>();
  readonly #obstacles = new Map<TreePath, ReturnType<typeof obstacleTo>>();
  /** How files changed while they were read. */
  readonly #changed = new Map<TreePath, string>();

  /** `isFull`: every entry is kept, and the digest of every file, for a pack. */
  constructor(place: TreePlace, context: RuleContext, isFull: boolean) {
    this.#place = place;
    this.#context = context;
    this.#isFull = isFull;
  }

  seeEntry(entry: Entry): void {
    if (!this.#isFull) return;
    this.entries.push(entry);
    if (entry.type === 'file') this.#entryOf.set(entry.path, entry);
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

  addAnswer({ findings }: BatchAnswer): void {
    for (const finding of findings) this.#addFinding(finding);
  }

  addNames(groups: Iterable<readonly TreePath[]>): void {
    for (const names of groups) for (const name of names) this.#names.set(name, names);
  }

  result(tree: TreeTally, warnings: readonly string[], allowances: readonly Allowance[]): Scan {
    for (const [path, how] of this.#changed) this.#references.push(changedWhileRead(path, how));
    const lists = tree.digestLists.map(({ path }) => path);
    const { dependents, references } = findDependents(lists, this.#changing(), this.#context, tree.hasFolderLinks);
    for (const { file } of dependents)
      if (!this.#facts.has(file)) this.#facts.set(file, factsOfFile(this.#place.real, file, this.#otherNames(file)));
    const compiled = new Set(dependents.flatMap(({ kind, file }) => (kind === 'byte-code' ? [file] : [])));
    const all = [...this.#references, ...references].sort(byPlace);
    return {
      version: 1,
      tree: this.#place.logical,
      prefixes: this.#context.prefixes,
      summary: summarize(tree.counts, all, compiled),
      references: all,
      files: [...this.#facts.values()].sort((a, b) => compareBytes(a.file, b.file)),
      dependents,
      excluded: tree.excluded.sort((a, b) => compareBytes(a.path, b.path)),
      unusedAllowances: unusedAllowances(allowances, all),
      warnings,
    };
  }

  /** Files that an edit may change, under all their names. */
  #changing(): Set<TreePath> {
    const editable = this.#references.filter(mayEdit);
    return new Set(
      editable.flatMap(({ file }) => [file, ...(this.#names.get(file) ?? this.#facts.get(file)?.aliases ?? [])]),
    );
  }

  #otherNames(file: TreePath): TreePath[] {
    return (this.#names.get(file) ?? []).filter((name) => name !== file);
  }

  #addFinding(finding: FileFinding): void {
    const { path, aliases, references, digest, size, mode } = finding;
    const changed = finding.changed ?? this.#changeSinceWalk(finding);
    if (changed !== null) this.#changed.set(path, changed);
    // not spread: a log may hold more references than a call takes arguments
    for (const reference of references) this.#references.push(reference);
    if (digest === null) return;
    if (this.#isFull) for (const name of [path, ...aliases]) this.digests.set(name, digest);
    if (references.length === 0) return;
    const sealed = finding.sealed === undefined ? {} : { sealed: finding.sealed };
    this.#facts.set(path, { file: path, aliases, digest, size, mode, ...this.#obstacleTo(path), ...sealed });
  }

  /** What is packed must be what the walk saw. */
  #changeSinceWalk({ path, size, mtime }: FileFinding): string | null {
    const entry = this.#entryOf.get(path);
    if (entry === undefined) return null;
    if (entry.size !== size) return `its size was ${entry.size} bytes and ${size} were read`;
    return entry.mtime === mtime ? null : 'it was written to';
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
