/** Counts what a scan walks and reads, looks at what entries say by themselves, and hands on what was found, with its place in the walk. */
import type { Batch, BatchAnswer } from '../io/scan-tasks.ts';
import { placesIn } from '../io/scan-tasks.ts';
import { RULE_NAMES } from '../model/codes.ts';
import type { Entry } from '../model/entry.ts';
import type { TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import type { Excluded } from '../model/scan.ts';
import { storesDigests } from '../rules/dependents.ts';
import { ENTRY_RULES } from '../rules/registry.ts';
import type { RuleContext } from '../rules/rule.ts';
import { unreadable, type Counts } from './scan-summary.ts';

/** Gathers what a scan finds, in any order. A key is the place of a path in the walk, which is in byte order. */
export interface Gatherer {
  /** Every entry, before anything else is told of it. */
  seeEntry(entry: Entry, key: number): void;
  /** What the walk alone tells of an entry. */
  addOfEntry(entry: Entry, key: number, references: readonly Reference[]): void;
  /** A reference that the scan itself makes. */
  addOwn(reference: Reference, key: number): void;
  /** A file that was not, after it was read, what it was before. */
  addChanged(path: TreePath, how: string, key: number): void;
  addAnswer(answer: BatchAnswer, batch: Batch): void;
  /** Where only a report is wanted: the next rows of a file with very many references, before its answer. */
  addRows?(key: number, rows: Uint8Array): void;
  /** All names of files that have several; told before what waited for them. */
  addNames(groups: Iterable<readonly TreePath[]>): void;
}

/** A file that stores digests of others, by its name. */
export interface DigestList {
  readonly path: TreePath;
  readonly key: number;
}

export class TreeTally {
  filesRead = 0;
  bytesRead = 0;
  hasFolderLinks = false;
  readonly digestLists: DigestList[] = [];
  readonly excluded: Excluded[] = [];
  readonly #context: RuleContext;
  readonly #gatherer: Gatherer;
  readonly #counts = { files: 0, directories: 0, symlinks: 0 };

  constructor(context: RuleContext, gatherer: Gatherer) {
    this.#context = context;
    this.#gatherer = gatherer;
  }

  get counts(): Counts {
    return { ...this.#counts, bytes: this.bytesRead };
  }

  addEntry(entry: Entry, key: number): void {
    this.#gatherer.seeEntry(entry, key);
    if (entry.unreadable !== undefined) {
      this.#gatherer.addOwn(unreadable(entry.path, entry.unreadable), key);
      return;
    }
    this.#count(entry);
    if (entry.type === 'file' && storesDigests(entry.path)) this.digestLists.push({ path: entry.path, key });
    if (entry.type === 'symlink') this.hasFolderLinks ||= this.#context.resolvedTypeOf(entry.path) === 'directory';
    const references = referencesOf(entry, this.#context);
    if (references.length > 0) this.#gatherer.addOfEntry(entry, key, references);
  }

  /** `waited`: files that wait, and their bytes. */
  addAnswer(answer: BatchAnswer, batch: Batch, waited: { readonly files: number; readonly bytes: number }): void {
    this.filesRead += answer.files + waited.files;
    this.bytesRead += answer.bytes + waited.bytes;
    this.#counts.files -= answer.vanished;
    const placeOf = placesIn(batch.tasks);
    const keyOf = (path: TreePath): number => batch.keys[placeOf(path)] ?? 0;
    for (const { path, code } of answer.unreadable) this.#gatherer.addOwn(unreadable(path, code), keyOf(path));
    for (const { path, changed } of answer.ranges)
      if (changed !== undefined) this.#gatherer.addChanged(path, changed, keyOf(path));
    this.#gatherer.addAnswer(answer, batch);
  }

  /** A file that is not read: nothing is in it. */
  addQuiet(bytes: number): void {
    this.filesRead++;
    this.bytesRead += bytes;
  }

  #count(entry: Entry): void {
    if (entry.type === 'file') this.#counts.files++;
    if (entry.type === 'directory') this.#counts.directories++;
    if (entry.type === 'symlink') this.#counts.symlinks++;
  }
}

const NONE: Reference[] = [];

function referencesOf(entry: Entry, context: RuleContext): readonly Reference[] {
  // asked of every entry, and nearly all have none
  let references = NONE;
  for (const rule of ENTRY_RULES) {
    if (!rule.appliesTo(entry)) continue;
    for (const { hit: _, ...claim } of rule.claim(entry, context)) {
      if (references === NONE) references = [];
      references.push({ code: rule.code, rule: RULE_NAMES[rule.code], file: entry.path, ...claim });
    }
  }
  return references;
}
