/** Puts the scan of what comes along with a tree together with that of the tree: one scan, as of a tree in which it stands. Pure. */
import { compareBytes } from '../formats/byte-text.ts';
import { byPlace } from '../formats/reference-order.ts';
import { isBundled, type Bundle } from '../model/bundle.ts';
import type { EntryList, ScannedEntry } from '../model/entry.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Reference } from '../model/reference.ts';
import type { RuleCode } from '../model/codes.ts';
import type { FullScan } from './scan.ts';
import { summarize } from './scan-summary.ts';

/** The prefixes that are looked for in what comes along: the places of the bases, and those of the tree. */
export function bundlePrefixes(bundle: Bundle, ofTree: readonly Prefix[]): Prefix[] {
  const own = new Set(bundle.prefixes.map(({ path }) => path));
  return [...bundle.prefixes, ...ofTree.filter(({ path }) => !own.has(path))];
}

/** The scan of a tree with what comes along. */
export function withBundle(tree: FullScan, added: FullScan, bundle: Bundle): FullScan {
  const { scan } = tree;
  const references = [...scan.references, ...added.scan.references.map(settled)].sort(byPlace);
  const dependents = [...scan.dependents, ...added.scan.dependents];
  const compiled = new Set(dependents.flatMap(({ kind, file }) => (kind === 'byte-code' ? [file] : [])));
  const [own, its] = [scan.summary, added.scan.summary];
  const counts = {
    files: own.files + its.files,
    directories: own.directories + its.directories,
    symlinks: own.symlinks + its.symlinks,
    bytes: own.bytes + its.bytes,
  };
  return {
    scan: {
      ...scan,
      summary: summarize(counts, references, compiled),
      references,
      files: [...scan.files, ...added.scan.files].sort((a, b) => compareBytes(a.file, b.file)),
      dependents,
      warnings: [...scan.warnings, ...bundle.warnings],
      bundle,
    },
    entries: new MergedEntries(tree.entries, added.entries, bundle),
    unread: [...tree.unread, ...added.unread].sort((a, b) => compareBytes(a.path, b.path)),
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

  *[Symbol.iterator](): Generator<ScannedEntry, void, void> {
    const others = this.#new();
    let other = others.next();
    for (const entry of this.#tree) {
      for (; other.done !== true && compareBytes(other.value.path, entry.path) < 0; other = others.next())
        yield other.value;
      yield entry;
    }
    for (; other.done !== true; other = others.next()) yield other.value;
  }

  close(): void {
    this.#tree.close();
    this.#added.close();
  }

  /** A folder above what is new may be there already. */
  *#new(): Generator<ScannedEntry, void, void> {
    for (const entry of this.#added) if (isBundled(entry.path, this.#bundle)) yield entry;
  }
}

const COMPILED_IN: ReadonlySet<RuleCode> = new Set<RuleCode>(['RL405', 'RL406']);

/** What is compiled into a Python is where it looks when it can't find itself; in a tree it does, by its own place. */
function settled(reference: Reference): Reference {
  if (!COMPILED_IN.has(reference.code)) return reference;
  const { absolute: _, relative: _r, ...rest } = reference;
  return { ...rest, fix: 'none', note: 'compiled into the bundled Python, which finds itself by its own place' };
}
