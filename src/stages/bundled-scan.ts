/** Puts the scan of what comes along with a tree together with that of the tree: one scan, as of a tree in which it stands. Pure. */
import { compareBytes } from '../formats/byte-text.ts';
import { byPlace } from '../formats/reference-order.ts';
import { isBundled, type Bundle } from '../model/bundle.ts';
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
    // a folder above what is new may be there already
    entries: [...tree.entries, ...added.entries.filter(({ path }) => isBundled(path, bundle))].sort((a, b) =>
      compareBytes(a.path, b.path),
    ),
    digests: new Map([...tree.digests, ...added.digests]),
  };
}

const COMPILED_IN: ReadonlySet<RuleCode> = new Set<RuleCode>(['RL405', 'RL406']);

/** What is compiled into a Python is where it looks when it can't find itself; in a tree it does, by its own place. */
function settled(reference: Reference): Reference {
  if (!COMPILED_IN.has(reference.code)) return reference;
  const { absolute: _, relative: _r, ...rest } = reference;
  return { ...rest, fix: 'none', note: 'compiled into the bundled Python, which finds itself by its own place' };
}
