// What is made of many runs: medians, and ratios within a round, so that what disturbs a round disturbs both.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median, over the rounds that both took part in, of one contestant's `elapsed` (or `cpu`) against the other's in the same round. */
export function medianRatio(runs, peerRuns, what = 'elapsed') {
  const rounds = Math.min(runs.length, peerRuns.length);
  return median(Array.from({ length: rounds }, (_, round) => runs[round][what] / peerRuns[round][what]));
}

/** A contestant's runs in one line: medians, and ratios to the runs of the first contestant. */
export function summary({ runs }, first) {
  return {
    elapsed: median(runs.map(({ elapsed }) => elapsed)),
    cpu: median(runs.map(({ cpu }) => cpu)),
    ratio: medianRatio(runs, first.runs),
    cpuRatio: medianRatio(runs, first.runs, 'cpu'),
  };
}
