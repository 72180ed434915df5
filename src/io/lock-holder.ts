/** What a try to take a lock gives. */

/** Who holds a lock. */
export interface Holder {
  /** The process id; null where it could not be told. */
  readonly pid: number | null;
  /** `fix`, `undo`, `install` …; empty where it could not be told. */
  readonly what: string;
}

/** A lock that is held, or who has it. */
export type Attempt = { readonly release: () => Promise<void> } | { readonly heldBy: Holder };
