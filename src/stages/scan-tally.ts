/** Gathers what a scan finds, in any order, and sums it up in byte order. */
import { compareBytes } from '../formats/byte-text.ts';
import { probeTree } from '../io/tree-probe.ts';
import type { FileFinding, FileTask } from '../io/file-scan.ts';
import { factsOfFile, factsOfSymlink, obstacleTo } from '../io/file-facts.ts';
import { RULE_NAMES } from '../model/codes.ts';
import type { Entry } from '../model/entry.ts';
import type { TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Reference } from '../model/reference.ts';
import type { Allowance, Excluded, FileFacts, Scan } from '../model/scan.ts';
import { ENTRY_RULES } from '../rules/registry.ts';
import type { RuleContext, RuleOptions } from '../rules/rule.ts';
import { storesDigests } from '../rules/dependents.ts';
import { findDependents } from './dependents.ts';
import { byPlace, changedWhileRead, summarize, unreadable } from './scan-summary.ts';
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
  readonly #keepsAll: boolean;
  readonly #references: Reference[] = [];
  readonly #facts = new Map<TreePath, FileFacts>();
  /** All names of each file that has several; one list for all of them. */
  readonly #names = new Map<TreePath, readonly TreePath[]>();
  readonly #digestLists: TreePath[] = [];
  /** The first name of each symlink that has several. */
  readonly #linkedSymlinks = new Map<string, TreePath>();
  readonly #excluded: Excluded[] = [];
  readonly #counts = { files: 0, directories: 0, symlinks: 0 };

  /** `keepsAll`: keep every entry and digest, for a pack. */
  constructor(place: TreePlace, prefixes: readonly Prefix[], options: RuleOptions, keepsAll: boolean) {
    this.#place = place;
    this.#prefixes = prefixes;
    this.#context = probeTree(place.real, prefixes, options);
    this.#keepsAll = keepsAll;
  }

  /** The real path of a tree path; null where it leaves the tree or is not there. */
  readonly realPath = (path: TreePath): TreePath | null => this.#context.realPath(path);

  addExcluded(excluded: Excluded): void {
    this.#excluded.push(excluded);
  }

  addEntry(entry: Entry): void {
    if (this.#keepsAll) this.entries.push(entry);
    if (entry.unreadable !== undefined) {
      this.#references.push(unreadable(entry.path, entry.unreadable));
      return;
    }
    this.#count(entry);
    if (entry.type === 'file' && storesDigests(entry.path)) this.#digestLists.push(entry.path);
    this.#applyEntryRules(entry);
  }

  addFindings(findings: readonly FileFinding[], batch: readonly FileTask[]): void {
    this.filesRead += batch.length;
    const tasks = new Map(batch.map((task) => [task.path, task]));
    for (const task of batch) {
      this.bytesRead += task.size;
      const names = [task.path, ...task.aliases];
      if (names.length > 1) for (const name of names) this.#names.set(name, names);
    }
    for (const finding of findings) {
      const task = tasks.get(finding.path);
      if (task !== undefined) this.#addFinding(finding, task);
    }
  }

  result(warnings: readonly string[], allowances: readonly Allowance[]): Scan {
    const { dependents, references } = findDependents(this.#digestLists, this.#changing(), this.#context);
    for (const { file } of dependents)
      if (!this.#facts.has(file)) this.#facts.set(file, factsOfFile(this.#place.real, file, this.#otherNames(file)));
    const compiled = new Set(dependents.flatMap(({ kind, file }) => (kind === 'byte-code' ? [file] : [])));
    const all = [...this.#references, ...references].sort(byPlace);
    return {
      version: 1,
      tree: this.#place.logical,
      prefixes: this.#prefixes,
      summary: summarize({ ...this.#counts, bytes: this.bytesRead }, all, compiled),
      references: all,
      files: [...this.#facts.values()].sort((a, b) => compareBytes(a.file, b.file)),
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
    return new Set(editable.flatMap(({ file }) => [file, ...(this.#facts.get(file)?.aliases ?? [])]));
  }

  #otherNames(file: TreePath): TreePath[] {
    return (this.#names.get(file) ?? []).filter((name) => name !== file);
  }

  #count(entry: Entry): void {
    if (entry.type === 'file') this.#counts.files++;
    if (entry.type === 'directory') this.#counts.directories++;
    if (entry.type === 'symlink') this.#counts.symlinks++;
  }

  #addFinding(finding: FileFinding, task: FileTask): void {
    if (finding.unreadable !== undefined) {
      this.#references.push(unreadable(finding.path, finding.unreadable));
      return;
    }
    if (finding.changed !== undefined) this.#references.push(changedWhileRead(finding.path, finding.changed));
    // not spread: a log may hold more references than a call takes arguments
    for (const reference of finding.references) this.#references.push(reference);
    if (finding.digest === null) return;
    if (this.#keepsAll) for (const name of [task.path, ...task.aliases]) this.digests.set(name, finding.digest);
    if (finding.references.length === 0) return;
    const { path, aliases, size, mode } = task;
    this.#facts.set(path, {
      file: path,
      aliases,
      digest: finding.digest,
      size,
      mode,
      ...obstacleTo(this.#place.real, path),
      ...(finding.sealed === undefined ? {} : { sealed: finding.sealed }),
    });
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
