/** The scan that a pack begins with: every entry, every digest, and what was found, none of it held in memory. */
import { compareBytes } from '../formats/byte-text.ts';
import { mergeSorted } from '../formats/merge-sorted.ts';
import { byPlaceInFile } from '../formats/reference-order.ts';
import { EntrySpool } from '../io/entry-spool.ts';
import { KeyedSpool } from '../io/keyed-spool.ts';
import { probeTree } from '../io/tree-probe.ts';
import type { EntryList } from '../model/entry.ts';
import type { FoundFile, Scan } from '../model/scan.ts';
import { bundlePrefixes, packedWithBundle } from './bundled-scan.ts';
import { discoverPrefixes, type Prefixes } from './prefixes.ts';
import { ruleOptions, type ScanOptions } from './scan-options.ts';
import { runScan } from './scan-run.ts';
import { ScanTally, type PackTally } from './scan-tally.ts';
import { findTree, type TreePlace } from './tree.ts';

/** Lists are read anew each time they are asked for: they may be long, and stand in temporary files without a name. */
export interface PackScan extends Omit<PackTally, 'others'>, Pick<Scan, 'bundle'> {
  readonly entries: EntryList;
  /** In byte order. */
  readonly found: Iterable<FoundFile>;
  /** Gives those files back. */
  close(): void;
}

/**
 * Scans a tree and hashes every file. Close it when it is packed.
 * @throws what `scan` throws
 * @example const found = await scanForPack('/srv/build/site');
 */
export async function scanForPack(tree: string, options: ScanOptions = {}): Promise<PackScan> {
  const place = findTree(tree);
  const found = await discoverPrefixes(tree, options);
  const own = await scanPlace(place, found, options);
  if (options.bundle === undefined) return own;
  try {
    const { exclude: _, excludeDebris: _d, allowances: _a, ...others } = options;
    const staged = { logical: options.bundle.staging, real: options.bundle.staging };
    const prefixes = bundlePrefixes(options.bundle, found.prefixes);
    return packedWithBundle(own, await scanPlace(staged, { prefixes, warnings: [] }, others), options.bundle);
  } catch (error) {
    own.close();
    throw error;
  }
}

async function scanPlace(place: TreePlace, { prefixes, warnings }: Prefixes, options: ScanOptions): Promise<PackScan> {
  const context = probeTree(place.real, prefixes, ruleOptions(options, place.logical));
  const entries = new EntrySpool();
  const found = new KeyedSpool<FoundFile>();
  const close = (): void => {
    entries.close();
    found.close();
  };
  try {
    const tally = new ScanTally(place, context, { entries, found });
    const tree = await runScan(context, options, 'all', tally);
    const { others, ...result } = tally.packResult(tree, warnings);
    return { ...result, entries, found: { [Symbol.iterator]: () => inOneOrder(found, others) }, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** What was found in files, with what else is told of them; all of a file together. */
function* inOneOrder(found: Iterable<FoundFile>, others: readonly FoundFile[]): Generator<FoundFile, void, void> {
  let parts: FoundFile[] = [];
  for (const next of mergeSorted(found, others, (a, b) => compareBytes(a.file, b.file))) {
    const [first] = parts;
    if (first !== undefined && first.file !== next.file) {
      yield joined(first, parts);
      parts = [];
    }
    parts.push(next);
  }
  const [first] = parts;
  if (first !== undefined) yield joined(first, parts);
}

function joined(first: FoundFile, parts: readonly FoundFile[]): FoundFile {
  if (parts.length === 1) return first;
  const references = parts.flatMap((part) => part.references).sort(byPlaceInFile);
  return { file: first.file, facts: parts.find(({ facts }) => facts !== null)?.facts ?? null, references };
}
