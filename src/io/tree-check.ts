/** Checks whether a tree is still what a cache knows of it, on two threads where it is large: a walk, and no file is opened. */
import type { PlacedSection } from '../formats/sections.ts';
import type { AbsolutePath } from '../model/path.ts';
import { AnsweringWorker, canStart } from './answering-worker.ts';
import { isWholeSection, recordsOf } from './cache-file.ts';
import { checkState, newCheck, type KnownState, type StateCheck } from './tree-state.ts';

/** Entries with which a second thread is done sooner than one alone: it takes some 30 ms to start. */
const LARGE = 8000;

/** What was read of a cache, and what else it has to hold. The table is shared with other threads, the descriptor is of this process. */
export interface HeldCache {
  readonly descriptor: number;
  /** The table of folders, whose digest is right. */
  readonly folders: Uint32Array;
  readonly entries: number;
  readonly records: PlacedSection;
  /** Other sections that were not read. */
  readonly others: readonly PlacedSection[];
}

/** What a thread needs to take its share. */
export interface CheckShare extends HeldCache {
  readonly check: StateCheck;
}

/** A check that runs while its caller does something else. */
export interface TreeCheck {
  /** Whether the tree is what the state says, and all of the cache is what was written. */
  isUnchanged(): Promise<boolean>;
  /** Ends it, whether it was asked or not: nothing reads the cache any more. */
  end(): Promise<void>;
}

/** Begins to check the tree at `root`. */
export function startCheck(root: AbsolutePath, cache: HeldCache, jobs: number): TreeCheck {
  const share: CheckShare = { ...cache, check: newCheck(root) };
  const program = new URL('./check-worker.js', import.meta.url);
  const isShared = jobs > 1 && cache.entries >= LARGE && canStart(program);
  if (!isShared) return { isUnchanged: async () => checkShare(share), end: async () => {} };
  const worker = new AnsweringWorker<CheckShare, boolean>(program, null);
  const answer = worker.run(share).catch(() => false);
  let isAnswered = false;
  return {
    isUnchanged: async () => {
      const isSame = checkState(stateOf(cache), share.check);
      const isSameThere = await answer;
      isAnswered = true;
      return isSame && isSameThere;
    },
    end: async () => {
      const stopped = worker.stop();
      // once it has answered it reads nothing any more
      if (!isAnswered) await stopped;
    },
  };
}

/** The bytes of the cache, and all folders that no other thread takes. */
export function checkShare(share: CheckShare): boolean {
  const { descriptor, records, others, check } = share;
  return (
    [records, ...others].every((section) => isWholeSection(descriptor, section)) && checkState(stateOf(share), check)
  );
}

function stateOf({ descriptor, folders, records }: HeldCache): KnownState {
  return { folders, records: recordsOf(descriptor, records) };
}
