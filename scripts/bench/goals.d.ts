import type { Run } from './statistics.js';

export interface Table {
  readonly id: string;
  readonly title: string;
  readonly note?: string;
  readonly files: number;
  readonly bytes: number;
  readonly contestants: readonly {
    readonly name: string;
    readonly shown: string;
    /** MB, of all its processes together. */
    readonly memory: number;
    readonly runs: readonly Run[];
  }[];
}
export interface Reached {
  readonly work: string;
  readonly peer: string;
  readonly most: number;
  readonly value: number | null;
  readonly reached: boolean | null;
}
export function reachedGoals(tables: readonly Table[]): Reached[];
