/** Opening a file of a tree for a scan, and reading it into a buffer: whole where it fits, else window by window. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { judgeHits, type Hit, type Needles } from '../formats/needles.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { openPath } from './entries.ts';
import { fill } from './fill.ts';
import type { SeenFile } from './scan-tasks.ts';
import type { SearchKernel } from './search-kernel.ts';

/** Opens a file without following a link at its name, and without waiting for a FIFO's other end. */
export function openFile(root: AbsolutePath, path: TreePath): number {
  return openSync(openPath(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Opens a file, lets `look` see it, closes it. */
export function withFile<T>(root: AbsolutePath, path: TreePath, look: (descriptor: number) => T): T {
  const descriptor = openFile(root, path);
  try {
    return look(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** How an open file differs from what it was; null where it does not. `read`: the bytes that it had. */
export function changeSince({ size, mtimeMs }: SeenFile, descriptor: number, read: number): string | null {
  if (read !== size) return `its size was ${size} bytes and ${read} were read`;
  return fstatSync(descriptor).mtimeMs === mtimeMs ? null : 'it was written to';
}

/** Who searches a file window by window. */
export interface OnWindow {
  /** Takes the hits of a window. */
  hits(found: readonly Hit[]): void;
  /** Takes the bytes of a window that the windows before it did not have. */
  bytes?(bytes: Buffer): void;
}

/**
 * Tells the hits that begin in [from, to) of an open file, window by window: each is read with the bytes around it by which its hits are judged.
 * Ends where the file does; gives where that was.
 */
export function searchWindows(
  descriptor: number,
  kernel: SearchKernel,
  needles: Needles,
  range: { readonly from: number; readonly to: number },
  onWindow: OnWindow,
): number {
  const { buffer } = kernel;
  const { behind, ahead } = needles.margin;
  const step = buffer.length - behind - ahead - 4;
  for (let at = range.from; ; at += step) {
    // wide text is judged by where it stands: a window begins at a multiple of 4
    const base = Math.max(0, at - behind - ((at - behind) % 4));
    const filled = fill(descriptor, buffer, base);
    const until = Math.min(range.to, at + step, base + filled);
    onWindow.bytes?.(buffer.subarray(at - base, Math.max(at, until) - base));
    const found = judgeHits(buffer.subarray(0, filled), needles, kernel.find(filled), at - base, until - base);
    onWindow.hits(found.map((hit) => ({ ...hit, start: hit.start + base, end: hit.end + base })));
    if (until < at + step || until === range.to) return Math.max(at, until);
  }
}
