/** relocate.toml: what a tree says of itself. Every part is optional. */
import type { AbsolutePath } from './path.ts';
import type { Allowance } from './scan.ts';

export interface Config {
  /** Where it was read, for messages; null where there is none. */
  readonly source: string | null;
  readonly name: string | null;
  readonly version: string | null;
  /** More prefixes to look for, besides those that are found. */
  readonly prefixes: readonly AbsolutePath[];
  /** Globs of paths that belong to no build: neither scanned nor packed. */
  readonly exclude: readonly string[];
  /** Globs of files that may change while they are packed: logs, databases. */
  readonly volatile: readonly string[];
  /** Whether `scan` keeps what it found, to say it again where nothing has changed. */
  readonly cache: boolean;
  /** References that are accepted as they are. */
  readonly allow: readonly Allowance[];
}

/** What holds where there is no relocate.toml. */
export const NO_CONFIG: Config = {
  source: null,
  name: null,
  version: null,
  prefixes: [],
  exclude: [],
  volatile: [],
  cache: false,
  allow: [],
};
