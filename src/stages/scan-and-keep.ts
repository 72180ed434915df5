/** Scans a tree for a report, and keeps what is needed to say it again, or to read less. */
import type { TakenState } from '../formats/state-builder.ts';
import { recordingProbe, type Noting, type RecordingProbe } from '../io/recording-probe.ts';
import { LIMIT, readTreeMemory, TREE_MEMORY } from '../io/tree-memory.ts';
import { Spill } from '../io/spill.ts';
import { probeTree } from '../io/tree-probe.ts';
import { takeState } from '../io/tree-state.ts';
import { isOwnRecord } from '../model/own-records.ts';
import type { ScanReport } from '../model/report.ts';
import { USUAL } from '../rules/rule.ts';
import { findPrefixes } from './prefixes.ts';
import { ReportTally } from './report-tally.ts';
import { isSamePrefixes, stateOf, type CacheHead, type KeptScan, type ScanCache } from './scan-cache.ts';
import { ruleOptions, type ScanOptions } from './scan-options.ts';
import { leftOut, runScan } from './scan-run.ts';
import { ScanWatch } from './scan-watch.ts';
import type { TreePlace } from './tree.ts';

/** `kept`: what is known of an earlier scan of the same tree with the same options. */
export async function scanAndKeep(
  place: TreePlace,
  options: ScanOptions,
  cache: ScanCache,
  kept: KeptScan | null,
): Promise<ScanReport> {
  const startedAt = Date.now();
  const leavesOut = (options.exclude?.length ?? 0) > 0 || options.excludeDebris === true;
  const noting: Noting = leavesOut ? 'all' : 'unseen';
  const first = recordingProbe(probeTree(place.real, [], USUAL), noting);
  // neither the user's globs nor the walk bind the search for prefixes
  const mustDiscover = leavesOut || isMemoryTold(place, first);
  const prefixes = findPrefixes(place, options, first.context);
  const rules = ruleOptions(options, place.logical);
  const probe = recordingProbe(probeTree(place.real, prefixes.prefixes, rules), noting);
  const exclude = leftOut(options, probe.context);
  const records = new Spill();
  try {
    // before any file is read for the rules: what is written later has another time of change
    const state = takeState(place.real, (path) => isOwnRecord(path) || exclude(path) !== null, startedAt, records);
    const then = kept !== null && isSamePrefixes(kept.head.prefixes, prefixes) ? stateOf(kept) : null;
    const watch = new ScanWatch(noting, state, then);
    const tally = new ReportTally(probe.context, options.allowances ?? []);
    try {
      const { files, close, ...found } = tally.result(await runScan(probe.context, options, 'none', tally, watch));
      for (const { takeAsked } of [first, probe]) watch.addAsked(takeAsked());
      const asked = watch.asked(found.excluded);
      const isKept = asked !== null && canKeep(found, state);
      const head = headOf({ prefixes, mustDiscover, asked: asked ?? [], found }, isKept);
      cache.save(head, state, records, isKept ? files : () => []);
      return { version: 1, tree: place.logical, ...prefixes, ...found, files, close };
    } catch (error) {
      tally.close();
      throw error;
    }
  } finally {
    records.close();
  }
}

function headOf(head: CacheHead, isReportKept: boolean): CacheHead {
  return isReportKept ? head : { ...head, found: null };
}

/** What could not be read, or changed meanwhile, may be otherwise the next time though nothing shows it. */
function canKeep({ summary }: Pick<ScanReport, 'summary'>, state: TakenState): boolean {
  return state.isSettled && summary.byCode.RL901 === undefined && summary.byCode.RL902 === undefined;
}

/** Asks for what relocate itself left in the tree, where no walk looks. Whether more than its bytes count: a link outside of the tree. */
function isMemoryTold({ real }: TreePlace, { context }: RecordingProbe): boolean {
  context.typeOf(TREE_MEMORY);
  context.peek(TREE_MEMORY, LIMIT + 1);
  return (readTreeMemory(real)?.via ?? null) !== null;
}
