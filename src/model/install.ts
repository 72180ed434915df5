/** What `install` did. Plain JSON; kept in the installed tree as `.relocate/receipt.json`. */
import type { AbsolutePath, TreePath } from './path.ts';

export interface InstallReceipt {
  readonly version: 1;
  readonly tool: string;
  /** Name and version of the tree, as the archive says. */
  readonly tree: { readonly name: string; readonly version: string };
  /** sha256 (hex) of the archive's manifest: the same for the same contents. */
  readonly manifest: string;
  readonly place: AbsolutePath;
  /** The short link by which fixed slots name the tree; null where they name the place itself. */
  readonly via: AbsolutePath | null;
  /** When, ISO 8601 in UTC. */
  readonly at: string;
  /** Pythons that took the place of those that the build used. */
  readonly pythons: readonly PythonChoice[];
  readonly counts: {
    readonly entries: number;
    readonly files: number;
    readonly bytes: number;
    readonly rendered: number;
    /** Files that were taken from another release; set where one was named. */
    readonly reused?: number;
  };
  readonly warnings: readonly string[];
}

/** What an installed tree says of where it is: text its place, fixed slots the same or a short link that leads there. */
export interface Placement {
  readonly place: AbsolutePath;
  readonly slots: AbsolutePath;
}

/** Which Python an environment of the tree runs on now. */
export interface PythonChoice {
  readonly environment: TreePath;
  readonly program: string;
}

/** What `install` came to. */
export interface Installed {
  readonly version: 1;
  /** `unchanged`: the same archive was there already, untouched. */
  readonly outcome: 'installed' | 'replaced' | 'unchanged';
  readonly receipt: InstallReceipt;
}

/** What `recover` did about an install that was cut short. */
export interface InstallRecovery {
  readonly version: 1;
  /** `finished`: the new tree is in its place; `taken-back`: what was there before is. */
  readonly outcome: 'nothing' | 'finished' | 'taken-back';
}
