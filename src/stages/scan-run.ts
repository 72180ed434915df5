/** Carries out a scan: walks the tree, makes batches, hands what was found to who gathers it. */
import { availableParallelism } from 'node:os';
import type { Digests } from '../io/file-claims.ts';
import { scanPool, type ScanPool } from '../io/scan-pool.ts';
import type { TreePath } from '../model/path.ts';
import type { Excluded } from '../model/scan.ts';
import { debrisOf, MARKS } from '../rules/build-debris.ts';
import type { RuleContext } from '../rules/rule.ts';
import type { ScanOptions } from './scan-options.ts';
import { ScanQueue } from './scan-queue.ts';
import type { ScanWatch } from './scan-watch.ts';
import { selectPaths, type Selection } from './selection.ts';
import { TreeTally, type Gatherer } from './tree-tally.ts';
import { walk, type Walked } from './walk.ts';

/**
 * Scans the tree of a context.
 * @param digests of all files where every entry is wanted too, for a pack; of none where only a report is wanted
 * @param watch set where a cache is to be made
 */
export async function runScan(
  context: RuleContext,
  options: ScanOptions,
  digests: Digests,
  gatherer: Gatherer,
  watch: ScanWatch | null = null,
): Promise<TreeTally> {
  const exclude = leftOut(options, context);
  const isFull = digests === 'all';
  const tally = new TreeTally(context, gatherer);
  const queue = new ScanQueue(!isFull);
  const pool = scanPool(
    {
      root: context.tree,
      prefixes: context.prefixes,
      options: context.options,
      digests,
      ...(watch === null ? {} : { noting: watch.noting }),
    },
    options.jobs ?? availableParallelism(),
    {
      onAnswer(answer, batch) {
        tally.addAnswer(answer, batch, queue.addAnswer(answer, batch));
        watch?.addAnswer(answer, batch);
        options.onProgress?.({ files: tally.filesRead, bytes: tally.bytesRead });
      },
      onPart: ({ place, rows }, { keys }) => gatherer.addRows?.(keys[place] ?? 0, rows),
    },
    options.signal,
  );
  const onExcluded = (excluded: Excluded): void => void tally.excluded.push(excluded);
  try {
    const marks = { names: MARKS, onMarked: (folder: TreePath) => queue.mark(folder) };
    await feed(pool, tally, queue, walk(context.tree, { exclude, onExcluded, isNamesOnly: !isFull, marks }), watch);
    gatherer.addNames(queue.names());
    for (const batch of queue.claims(context.realPath)) await pool.submit(batch);
    await pool.settle();
  } finally {
    queue.close();
    await pool.stop();
  }
  return tally;
}

/** Every file once. */
async function feed(
  pool: ScanPool,
  tally: TreeTally,
  queue: ScanQueue,
  entries: Iterable<Walked>,
  watch: ScanWatch | null,
): Promise<void> {
  let count = 0;
  for (const entry of entries) {
    const key = entry.place ?? count;
    count++;
    tally.addEntry(entry, key);
    const quiet = watch === null || entry.unreadable !== undefined ? null : watch.quietSize(entry);
    if (quiet === null) queue.add(entry, key);
    else tally.addQuiet(quiet);
    for (const batch of queue.batches('full')) await pool.submit(batch);
  }
  do {
    for (const batch of queue.batches('all')) await pool.submit(batch);
    await pool.settle();
  } while (queue.hasMore);
}

/** What a scan leaves out. */
export function leftOut(options: ScanOptions, context: RuleContext): Selection {
  const globs = selectPaths(options.exclude ?? []);
  return options.excludeDebris === true ? withDebris(globs, context) : globs;
}

/** Leaves out what builds left behind, too: of a folder that is a build's alone the folder itself. */
function withDebris(globs: Selection, context: RuleContext): Selection {
  return (path) => {
    const glob = globs(path);
    if (glob !== null) return glob;
    const debris = debrisOf(path, context);
    return debris === null ? null : `debris of ${debris.name}`;
  };
}
