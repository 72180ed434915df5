/** Other bytes for a file that is there: written beside it, then renamed. */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, renameSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { hostPath } from './entries.ts';
import { FileOutput, type FileAttributes } from './file-output.ts';
import type { FilledFile } from './file-tasks.ts';
import { readPieces } from './pieces.ts';

/** A file of a tree that is being put together. */
export interface RewrittenFile {
  readonly path: TreePath;
  readonly isSparse: boolean;
  /** Null where they are set later. */
  readonly attributes: FileAttributes | null;
}

/** Puts other bytes in the place of a file. `change` is given its present bytes in pieces. */
export function rewriteFile(
  root: AbsolutePath,
  { path, isSparse, attributes }: RewrittenFile,
  change: (pieces: Iterable<Buffer>) => Iterable<Buffer>,
): FilledFile {
  // in relocate's own folder, which no entry of an archive is in; each thread has its own
  const beside = hostPath(root, `.relocate/rewritten-${threadId}`);
  const place = hostPath(root, path);
  const file = new FileOutput(beside, isSparse);
  try {
    const digest = createHash('sha256');
    for (const piece of change(readPieces(place))) {
      digest.update(piece);
      file.write(piece);
    }
    const size = file.finish(attributes);
    renameSync(beside, place);
    return { path, size, digest: digest.digest('hex') };
  } finally {
    file.close();
  }
}

/** The bytes [start, end) of a file, fewer where it ends. */
export function readRange(root: AbsolutePath, path: TreePath, start: number, end: number): Buffer {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const descriptor = openSync(hostPath(root, path), flags);
  try {
    const bytes = Buffer.alloc(end - start);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, start));
  } finally {
    closeSync(descriptor);
  }
}
