/**
 * The report of a tree that was scanned before: given again where nothing has changed that it depends on, made anew otherwise, without
 * reading files in which nothing was. What it says is what `report` would say.
 */
import { availableParallelism } from 'node:os';
import { encodeBytes } from '../formats/byte-text.ts';
import { closeCache, touchCache } from '../io/cache-file.ts';
import { cacheFolder, type CacheFolder } from '../io/cache-folder.ts';
import { timesAt } from '../io/file-systems.ts';
import { keptFiles, keptList } from '../io/kept-rows.ts';
import { answerTo } from '../io/recording-probe.ts';
import { startCheck } from '../io/tree-check.ts';
import { probeTree } from '../io/tree-probe.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { ScanReport } from '../model/report.ts';
import { USUAL } from '../rules/rule.ts';
import { isSamePrefixes, ScanCache, scanKey, type CacheHead, type KeptScan } from './scan-cache.ts';
import { ruleOptions, type ReportOptions } from './scan-options.ts';
import { findTree, type TreePlace } from './tree.ts';

/** What `report` of stages/report.ts says, with a cache. */
export async function cachedReport(tree: string, options: ReportOptions = {}): Promise<ScanReport> {
  const place = findTree(tree);
  const onTrouble = options.onCacheTrouble ?? ((): void => {});
  const folder = placeForCache(place.real);
  if ('trouble' in folder) {
    onTrouble(`the scan is not kept: ${folder.trouble}`);
    const { freshReport } = await import('./fresh-report.ts');
    return freshReport(tree, options);
  }
  const key = scanKey(place, options, ruleOptions(options, place.logical));
  const cache = new ScanCache(folder.path, key, onTrouble);
  const kept = cache.load();
  const known = kept === null ? null : await givenAgain(place, options, kept);
  if (known !== null) return known;
  try {
    // what scans takes long to load, for a program that only looks
    const { scanAndKeep } = await import('./scan-and-keep.ts');
    return await scanAndKeep(place, options, cache, kept);
  } finally {
    if (kept !== null) closeCache(kept.open);
  }
}

function placeForCache(tree: AbsolutePath): CacheFolder {
  if (timesAt(encodeBytes(tree)) !== 'none') return cacheFolder(tree);
  return { trouble: 'the tree is on a file system of which it is not known that its times show every change' };
}

/** The report that was kept; null where something that it depends on is not what it was. */
async function givenAgain(place: TreePlace, options: ReportOptions, kept: KeptScan): Promise<ScanReport | null> {
  const { open, tallies, list } = kept;
  const { found, prefixes } = kept.head;
  if (found === null) return null;
  // its thread starts while the rest is asked
  const check = startCheck(place.real, kept.held, options.jobs ?? availableParallelism());
  try {
    if (!(await isAnsweredAsBefore(place, options, kept.head)) || !(await check.isUnchanged())) return null;
  } finally {
    await check.end();
  }
  options.signal?.throwIfAborted();
  touchCache(open);
  return {
    version: 1,
    tree: place.logical,
    ...prefixes,
    ...found,
    files: () => keptFiles(open.descriptor, tallies, list),
    list: () => keptList(open.descriptor, list),
    close: () => closeCache(open),
  };
}

/** Whether what no walk sees is as it was. */
async function isAnsweredAsBefore(
  place: TreePlace,
  options: ReportOptions,
  { asked, mustDiscover, prefixes }: CacheHead,
): Promise<boolean> {
  const context = probeTree(place.real, [], USUAL);
  if (asked.some((question) => answerTo(question, context) !== question.answer)) return false;
  if (!mustDiscover) return true;
  const { findPrefixes } = await import('./prefixes.ts');
  return isSamePrefixes(findPrefixes(place, options, context), prefixes);
}
