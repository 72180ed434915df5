/** Symbol versions such as `GLIBC_2.34`: their series and their order. */

interface Version {
  /** `GLIBC`; the whole name where no number ends it. */
  readonly series: string;
  readonly numbers: readonly number[];
}

export function parseVersion(name: string): Version {
  const [, series, numbers] = /^(.*?)_?([0-9]+(?:\.[0-9]+)*)$/.exec(name) ?? [];
  if (series === undefined || numbers === undefined) return { series: name, numbers: [] };
  return { series, numbers: numbers.split('.').map(Number) };
}

/** Below 0 where `left` is the lower one. */
export function compareNumbers(left: readonly number[], right: readonly number[]): number {
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The highest version of a series among some; null where none is of it. */
export function highestOf(series: string, names: readonly string[]): string | null {
  let highest: { name: string; numbers: readonly number[] } | null = null;
  for (const name of names) {
    const version = parseVersion(name);
    if (version.series !== series) continue;
    if (highest === null || compareNumbers(highest.numbers, version.numbers) < 0)
      highest = { name, numbers: version.numbers };
  }
  return highest?.name ?? null;
}
