export interface Run {
  readonly elapsed: number;
  readonly cpu: number;
}
export function median(numbers: readonly number[]): number;
export function medianRatio(runs: readonly Run[], peerRuns: readonly Run[], what?: keyof Run): number;
