/** Gathers what a scan finds, in any order, and sums it up in byte order. */
import { compareBytes } from '../formats/byte-text.ts';
import { probeTree } from '../io/tree-probe.ts';
import type { Digests } from '../io/file-scan.ts';
import type { BatchResult, FileFinding } from '../io/scan-tasks.ts';
import { factsOfFile, factsOfSymlink, obstacleTo } from '../io/file-facts.ts';
import { RULE_NAMES } from '../model/codes.ts';
import type { Entry } from '../model/entry.ts';
import { dirName, type TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Reference } from '../model/reference.ts';
import type { Allowance, Excluded, FileFacts, Scan } from '../model/scan.ts';
import { ENTRY_RULES } from '../rules/registry.ts';
import type { RuleContext, RuleOptions } from '../rules/rule.ts';
import { storesDigests } from '../rules/dependents.ts';
import { findDependents } from './dependents.ts';
import { byPlace, changedWhileRead, summarize, unreadable as unreadableFile } from './scan-summary.ts';
import { unusedAllowances } from './allowances.ts';
import type { TreePlace } from './tree.ts';

export class ScanTally {
  readonly entries: Entry[] = [];
  readonly digests: Map<string, string> = new Map();
  filesRead = 0;
  bytesRead = 0;
  readonly #place: TreePlace;
  readonly #prefixes: readonly Prefix[];
  readonly #context: RuleContext;
  readonly #digests: Digests;
  readonly #references: Reference[] = [];
  readonly #facts = new Map<TreePath, FileFacts>();
  /** All names of each file that has several; one list for all of them. */
  readonly #names = new Map<TreePath, readonly TreePath[]>();
  readonly #digestLists: TreePath[] = [];
  #hasFolderLinks = false;
  /** The first name of each symlink that has several. */
  readonly #linkedSymlinks = new Map<string, TreePath>();
  readonly #entryOf = new Map<TreePath, Entry>();
  readonly #obstacles = new Map<TreePath, ReturnType<typeof obstacleTo>>();
  /** How files changed while they were read. */
  readonly #changed = new Map<TreePath, string>();
  readonly #excluded: Excluded[] = [];
  readonly #counts = { files: 0, directories: 0, symlinks: 0 };

  /** `digests`: of all files where every entry is kept too, for a pack; of none where no facts are wanted. */
  constructor(place: TreePlace, prefixes: readonly Prefix[], options: RuleOptions, digests: Digests) {
    this.#place = place;
    this.#prefixes = prefixes;
    this.#context = probeTree(place.real, prefixes, options);
    this.#digests = digests;
  }

  /** The real path of a tree path; null where it leaves the tree or is not there. */
  readonly realPath = (path: TreePath): TreePath | null => this.#context.realPath(path);

  addExcluded(excluded: Excluded): void {
    this.#excluded.push(excluded);
  }

  addEntry(entry: Entry): void {
    if (this.#digests === 'all') {
      this.entries.push(entry);
      if (entry.type === 'file') this.#entryOf.set(entry.path, entry);
    }
    if (entry.unreadable !== undefined) {
      this.#references.push(unreadableFile(entry.path, entry.unreadable));
      return;
    }
    this.#count(entry);
    if (entry.type === 'file' && storesDigests(entry.path)) this.#digestLists.push(entry.path);
    if (entry.type === 'symlink') this.#hasFolderLinks ||= this.#context.resolvedTypeOf(entry.path) === 'directory';
    this.#applyEntryRules(entry);
  }

  addResult({ findings, unreadable, ranges, vanished, files, bytes }: BatchResult): void {
    this.filesRead += files;
    this.bytesRead += bytes;
    this.#counts.files -= vanished;
    for (const { path, code } of unreadable) this.#references.push(unreadableFile(path, code));
    for (const { path, changed } of ranges) if (changed !== undefined) this.#changed.set(path, changed);
    for (const finding of findings) this.#addFinding(finding);
  }

  /** All names of files that have several. */
  addNames(groups: Iterable<readonly TreePath[]>): void {
    for (const names of groups) for (const name of names) this.#names.set(name, names);
  }

  result(warnings: readonly string[], allowances: readonly Allowance[]): Scan {
    for (const [path, how] of this.#changed) this.#references.push(changedWhileRead(path, how));
    const { dependents, references } = findDependents(
      this.#digestLists,
      this.#changing(),
      this.#context,
      this.#hasFolderLinks,
    );
    const wantsFacts = this.#digests !== 'none';
    for (const { file } of wantsFacts ? dependents : [])
      if (!this.#facts.has(file)) this.#facts.set(file, factsOfFile(this.#place.real, file, this.#otherNames(file)));
    const compiled = new Set(dependents.flatMap(({ kind, file }) => (kind === 'byte-code' ? [file] : [])));
    const all = [...this.#references, ...references].sort(byPlace);
    return {
      version: 1,
      tree: this.#place.logical,
      prefixes: this.#prefixes,
      summary: summarize({ ...this.#counts, bytes: this.bytesRead }, all, compiled),
      references: all,
      files: wantsFacts ? [...this.#facts.values()].sort((a, b) => compareBytes(a.file, b.file)) : [],
      dependents,
      excluded: this.#excluded.sort((a, b) => compareBytes(a.path, b.path)),
      unusedAllowances: unusedAllowances(allowances, all),
      warnings,
    };
  }

  /** Files that an edit may change, under all their names. */
  #changing(): Set<TreePath> {
    const editable = this.#references.filter(
      ({ absolute, relative }) => absolute !== undefined || relative?.kind === 'splices',
    );
    return new Set(
      editable.flatMap(({ file }) => [file, ...(this.#names.get(file) ?? this.#facts.get(file)?.aliases ?? [])]),
    );
  }

  #otherNames(file: TreePath): TreePath[] {
    return (this.#names.get(file) ?? []).filter((name) => name !== file);
  }

  #count(entry: Entry): void {
    if (entry.type === 'file') this.#counts.files++;
    if (entry.type === 'directory') this.#counts.directories++;
    if (entry.type === 'symlink') this.#counts.symlinks++;
  }

  #addFinding(finding: FileFinding): void {
    const { path, aliases, references, digest, size, mode } = finding;
    const changed = finding.changed ?? this.#changeSinceWalk(finding);
    if (changed !== null) this.#changed.set(path, changed);
    // not spread: a log may hold more references than a call takes arguments
    for (const reference of references) this.#references.push(reference);
    if (digest === null) return;
    if (this.#digests === 'all') for (const name of [path, ...aliases]) this.digests.set(name, digest);
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

  #applyEntryRules(entry: Entry): void {
    const references = ENTRY_RULES.flatMap((rule): Reference[] => {
      if (!rule.appliesTo(entry)) return [];
      const claims = [...rule.claim(entry, this.#context)];
      return claims.map(({ hit: _, ...claim }) => ({
        code: rule.code,
        rule: RULE_NAMES[rule.code],
        file: entry.path,
        ...claim,
      }));
    });
    if (references.length === 0 || this.#isSecondName(entry, references)) return;
    for (const reference of references) this.#references.push(reference);
    if (entry.type === 'symlink') this.#facts.set(entry.path, factsOfSymlink(this.#place.real, entry));
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
