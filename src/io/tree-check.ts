/** Checks whether a tree is still what a cache knows of it, on two threads where it is large: a walk, and no file is opened. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PlacedSection } from '../formats/sections.ts';
import { decodeState, type StateBytes } from '../formats/tree-state.ts';
import type { AbsolutePath } from '../model/path.ts';
import { isWholeSection } from './cache-file.ts';
import { checkState, newCheck, type StateCheck } from './tree-state.ts';

/** Entries with which a second thread is done sooner than one alone: it takes some 30 ms to start. */
const LARGE = 8000;

/** What a thread needs to take its share. The bytes are shared, the descriptor is of this process. */
export interface CheckShare {
  readonly state: StateBytes;
  readonly check: StateCheck;
  readonly descriptor: number;
  readonly rows: PlacedSection;
}

/** Whether the tree at `root` is what the state says, and the rows of the cache are those that were written. */
export async function isUnchanged(
  root: AbsolutePath,
  { state, descriptor, rows }: Omit<CheckShare, 'check'>,
  jobs: number,
): Promise<boolean> {
  const share: CheckShare = { state, descriptor, rows, check: newCheck(root) };
  const program = new URL('./check-worker.js', import.meta.url);
  const isShared = jobs > 1 && state.quiet.length >= LARGE && existsSync(fileURLToPath(program));
  if (!isShared) return checkShare(share);
  const worker = new Worker(program, { workerData: share, execArgv: [] });
  const answer = new Promise<boolean>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', () => resolve(false));
  });
  try {
    const isSame = checkState(decodeState(state), share.check);
    return (await answer) && isSame;
  } finally {
    // it has answered, or its answer is not wanted
    worker.unref();
  }
}

/** The rows, and all folders that no other thread takes. */
export function checkShare({ state, check, descriptor, rows }: CheckShare): boolean {
  return isWholeSection(descriptor, rows) && checkState(decodeState(state), check);
}
