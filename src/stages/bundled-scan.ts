/** Puts the scan of what comes along with a tree together with that of the tree: one scan, as of a tree in which it stands. Pure. */
import { compareBytes } from '../formats/byte-text.ts';
import { mergeSorted } from '../formats/merge-sorted.ts';
import { byPlace } from '../formats/reference-order.ts';
import { isBundled, type Bundle } from '../model/bundle.ts';
import type { EntryList, ScannedEntry } from '../model/entry.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Reference } from '../model/reference.ts';
import type { RuleCode } from '../model/codes.ts';
import type { FoundFile, Scan } from '../model/scan.ts';
import type { PackScan } from './pack-scan.ts';
import { compiledFrom, summarize } from './scan-summary.ts';

/** The prefixes that are looked for in what comes along: the places of the bases, and those of the tree. */
export function bundlePrefixes(bundle: Bundle, ofTree: readonly Prefix[]): Prefix[] {
  const own = new Set(bundle.prefixes.map(({ path }) => path));
  return [...bundle.prefixes, ...ofTree.filter(({ path }) => !own.has(path))];
}

/** The scan of a tree with what comes along. */
export function withBundle(scan: Scan, added: Scan, bundle: Bundle): Scan {
  const references = [...scan.references, ...added.references.map(settled)].sort(byPlace);
  const dependents = [...scan.dependents, ...added.dependents];
  const [own, its] = [scan.summary, added.summary];
  const counts = {
    files: own.files + its.files,
    directories: own.directories + its.directories,
    symlinks: own.symlinks + its.symlinks,
    bytes: own.bytes + its.bytes,
  };
  return {
    ...scan,
    summary: summarize(counts, references, compiledFrom(dependents)),
    references,
    files: [...scan.files, ...added.files].sort((a, b) => compareBytes(a.file, b.file)),
    dependents,
    warnings: [...scan.warnings, ...bundle.warnings],
    bundle,
  };
}

/** The scan for a pack of a tree with what comes along. */
export function packedWithBundle(tree: PackScan, added: PackScan, bundle: Bundle): PackScan {
  return {
    ...tree,
    dependents: [...tree.dependents, ...added.dependents],
    entries: new MergedEntries(tree.entries, added.entries, bundle),
    found: {
      [Symbol.iterator]: () =>
        mergeSorted(tree.found, settledFiles(added.found), (a, b) => compareBytes(a.file, b.file)),
    },
    unread: [...tree.unread, ...added.unread].sort((a, b) => compareBytes(a.path, b.path)),
    changed: [...tree.changed, ...added.changed].sort(compareBytes),
    warnings: [...tree.warnings, ...bundle.warnings],
    bundle,
    close() {
      tree.close();
      added.close();
    },
  };
}

/** The entries of a tree and of what comes along, in one order. */
class MergedEntries implements EntryList {
  readonly length: number;
  readonly #tree: EntryList;
  readonly #added: EntryList;
  readonly #bundle: Bundle;

  constructor(tree: EntryList, added: EntryList, bundle: Bundle) {
    this.#tree = tree;
    this.#added = added;
    this.#bundle = bundle;
    this.length = tree.length;
    for (const _ of this.#new()) this.length++;
  }

  [Symbol.iterator](): Generator<ScannedEntry, void, void> {
    return mergeSorted(this.#tree, this.#new(), (a, b) => compareBytes(a.path, b.path));
  }

  /** A folder above what is new may be there already. */
  *#new(): Generator<ScannedEntry, void, void> {
    for (const entry of this.#added) if (isBundled(entry.path, this.#bundle)) yield entry;
  }
}

const COMPILED_IN: ReadonlySet<RuleCode> = new Set<RuleCode>(['RL405', 'RL406']);

function* settledFiles(files: Iterable<FoundFile>): Generator<FoundFile, void, void> {
  for (const { file, facts, references } of files) yield { file, facts, references: references.map(settled) };
}

/** What is compiled into a Python is where it looks when it can't find itself; in a tree it does, by its own place. */
function settled(reference: Reference): Reference {
  if (!COMPILED_IN.has(reference.code)) return reference;
  const { absolute: _, relative: _r, ...rest } = reference;
  return { ...rest, fix: 'none', note: 'compiled into the bundled Python, which finds itself by its own place' };
}
