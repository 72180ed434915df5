/** Scans one file: reads it once into a reused buffer, searches it, and lets the rules claim what was found. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { createHash, hash, type Hash } from 'node:crypto';
import { signatureOf } from '../formats/code-signature.ts';
import { isMachO } from '../formats/macho.ts';
import { findHits, type Hit, type Needles } from '../formats/needles.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import type { Sealed } from '../model/seal.ts';
import { isInterestingFile } from '../rules/claiming.ts';
import { claimFile } from '../rules/claiming.ts';
import { HEAD_BYTES, WHOLE_FILE_LIMIT, type FileView, type RuleContext } from '../rules/rule.ts';
import { errorCode, hostPath } from './entries.ts';
import { regionView, wholeView, type ViewedFile } from './file-view.ts';

/** A file to scan, with the other names of its inode. Plain JSON. */
export interface FileTask {
  readonly path: TreePath;
  readonly aliases: readonly TreePath[];
  /** Symlinks in other folders that lead to it; of shared libraries alone. */
  readonly links: readonly TreePath[];
  readonly size: number;
  readonly mode: number;
  /** Nanoseconds, decimal: the file must still have it after it was read. */
  readonly mtime: string;
}

/** What a scan of one file gives. Files with nothing to tell (no reference, no digest asked for) give none. */
export interface FileFinding {
  readonly path: TreePath;
  readonly references: readonly Reference[];
  /** sha256, hex; null where neither references nor the run asked for it. */
  readonly digest: string | null;
  /** Set for a signed program with references: what an edit of it must renew. */
  readonly sealed?: Sealed;
  /** The system's code where the file could not be read. */
  readonly unreadable?: string;
  /** Set where the file was not, after it was read, what it was before. */
  readonly changed?: string;
}

export interface FileScanner {
  scan(task: FileTask): FileFinding | null;
}

const CHUNK = 1024 * 1024;

/** Makes a scanner with its own buffer; a thread needs one. `digests` hashes every file, not only those with references. */
export function fileScanner(root: AbsolutePath, needles: Needles, context: RuleContext, digests: boolean): FileScanner {
  const buffer = Buffer.allocUnsafe(CHUNK);
  return {
    scan(task) {
      let descriptor: number;
      try {
        descriptor = openSync(
          hostPath(root, task.path),
          constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
        );
      } catch (error) {
        return { path: task.path, references: [], digest: null, unreadable: errorCode(error) };
      }
      try {
        return scanOpen({ task, descriptor, buffer, needles, context, digests });
      } catch (error) {
        if (!isSystemError(error)) throw error;
        return { path: task.path, references: [], digest: null, unreadable: errorCode(error) };
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

interface OpenTask {
  readonly task: FileTask;
  readonly descriptor: number;
  readonly buffer: Buffer;
  readonly needles: Needles;
  readonly context: RuleContext;
  readonly digests: boolean;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function scanOpen(open: OpenTask): FileFinding | null {
  const { task, descriptor, buffer, needles, digests } = open;
  const filled = fill(descriptor, buffer, 0);
  if (filled < buffer.length) {
    const bytes = buffer.subarray(0, filled);
    const hits = findHits(bytes, needles);
    const claimed = claim(
      open,
      hits,
      bytes.subarray(0, HEAD_BYTES),
      () => (name) => wholeView(viewed(task, name, filled), bytes),
    );
    const digest = digests || claimed.references.length > 0 ? hash('sha256', bytes) : null;
    return finding(open, claimed, digest, filled);
  }
  return scanLarge(open, filled);
}

/** A file larger than the buffer: searched chunk by chunk, then looked at whole or by regions. */
function scanLarge(open: OpenTask, first: number): FileFinding | null {
  const { task, descriptor, buffer, needles, digests } = open;
  const head = Buffer.from(buffer.subarray(0, HEAD_BYTES));
  const digest = digests ? createHash('sha256') : null;
  const { hits, size } = searchChunks(descriptor, buffer, first, needles, digest);
  const claimed = claim(open, hits, head, () => {
    if (size > WHOLE_FILE_LIMIT || hits.length === 0)
      return (path) => regionView(viewed(task, path, size), descriptor, head);
    const bytes = Buffer.allocUnsafe(size);
    const got = fill(descriptor, bytes, 0, 0);
    return (path) => wholeView(viewed(task, path, got), bytes.subarray(0, got));
  });
  const known = digest?.digest('hex') ?? (claimed.references.length > 0 ? digestOf(descriptor, buffer) : null);
  return finding(open, claimed, known, size);
}

function viewed({ path: first, aliases, links, mode }: FileTask, path: TreePath, size: number): ViewedFile {
  return { path, names: [first, ...aliases], links, size, mode };
}

/** Keeps the last bytes of a chunk in front of the next, so that hits across the seam are judged with what is around them. */
function searchChunks(
  descriptor: number,
  buffer: Buffer,
  first: number,
  needles: Needles,
  digest: Hash | null,
): { hits: Hit[]; size: number } {
  const { behind, ahead } = needles.margin;
  const hits: Hit[] = [];
  let base = 0; // the file offset of the buffer's first byte
  let carried = 0; // bytes in front that are there for the look back only
  let filled = first;
  for (;;) {
    digest?.update(buffer.subarray(carried === 0 && base === 0 ? 0 : carried, filled));
    const last = filled < buffer.length;
    const from = base === 0 ? 0 : settledFrom(carried, ahead);
    const to = last ? filled : filled - ahead;
    for (const hit of findHits(buffer.subarray(0, filled), needles, from, to))
      hits.push({ ...hit, start: hit.start + base, end: hit.end + base });
    if (last) return { hits, size: base + filled };
    const keep = behind + ahead;
    buffer.copyWithin(0, filled - keep, filled);
    base += filled - keep;
    carried = keep;
    filled = keep + fill(descriptor, buffer, keep);
  }
}

/** Hits that start before this offset were found in the chunk before. */
function settledFrom(carried: number, ahead: number): number {
  return carried - ahead;
}

/** What the rules make of a file. */
type Claimed = Pick<FileFinding, 'references' | 'sealed'>;

function claim(open: OpenTask, hits: readonly Hit[], head: Buffer, view: () => (path: TreePath) => FileView): Claimed {
  const { task, context } = open;
  if (hits.length === 0 && ![task.path, ...task.aliases].some((path) => isInterestingFile(path, head)))
    return { references: [] };
  const viewAs = view();
  const references = claimFile(viewAs, [task.path, ...task.aliases], hits, context);
  const signature = references.length > 0 && isMachO(head) ? signatureOf(viewAs(task.path)) : null;
  return signature?.kind === 'renewable' ? { references, sealed: signature.sealed } : { references };
}

function finding(open: OpenTask, claimed: Claimed, digest: string | null, size: number): FileFinding | null {
  const { task, descriptor } = open;
  const { references } = claimed;
  if (size === task.size && references.length === 0 && digest === null) return null;
  const changed = changeSince(task, descriptor, size);
  if (changed === null && references.length === 0 && digest === null) return null;
  return { path: task.path, ...claimed, digest, ...(changed === null ? {} : { changed }) };
}

function changeSince(task: FileTask, descriptor: number, size: number): string | null {
  if (size !== task.size) return `its size was ${task.size} bytes and ${size} were read`;
  const { mtimeNs } = fstatSync(descriptor, { bigint: true });
  return mtimeNs.toString() === task.mtime ? null : 'it was written to';
}

/** Reads until the buffer is full or the file ends; returns the bytes read. `position` null goes on from where the last read ended. */
function fill(descriptor: number, buffer: Buffer, offset: number, position: number | null = null): number {
  let filled = 0;
  while (offset + filled < buffer.length) {
    const at = position === null ? null : position + filled;
    const got = readSync(descriptor, buffer, offset + filled, buffer.length - offset - filled, at);
    if (got === 0) break;
    filled += got;
  }
  return filled;
}

function digestOf(descriptor: number, buffer: Buffer): string {
  const digest = createHash('sha256');
  for (let at = 0; ;) {
    const got = readSync(descriptor, buffer, 0, buffer.length, at);
    if (got === 0) return digest.digest('hex');
    digest.update(buffer.subarray(0, got));
    at += got;
  }
}
