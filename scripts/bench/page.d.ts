import type { Table } from './goals.js';

export interface Results {
  readonly machine: {
    readonly processors: number;
    readonly model: string;
    readonly memory: number;
    readonly system: string;
    readonly node: string;
    readonly load: number;
  };
  readonly options: { readonly files: number; readonly rounds: number; readonly most: number; readonly quick: boolean };
  readonly seconds: number;
  readonly corpus: { readonly files: number; readonly bytes: number } | null;
  readonly skipped: readonly { readonly what: string; readonly why: string }[];
  readonly tables: readonly Table[];
}
export function pageWith(page: string, results: Results, other?: Results | null): string;
