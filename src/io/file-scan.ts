/** Scans files: reads each once into a reused buffer, searches it, and lets the rules claim what was found. */
import { createHash, hash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { judgeHits, onlyPlace, plainPlaces, type Hit, type Needles } from '../formats/needles.ts';
import { baseName, type AbsolutePath, type TreePath } from '../model/path.ts';
import { isInterestingFile } from '../rules/claiming.ts';
import { HEAD_BYTES, type RuleContext } from '../rules/rule.ts';
import { usualByteCode } from '../rules/usual-byte-code.ts';
import type { BatchFiles } from './batch-files.ts';
import { errorCode } from './entries.ts';
import { claim, findingOf, NO_CLAIMS, type Digests, type Searched } from './file-claims.ts';
import { searchWindows, seenOf, withFile, type LookedAt } from './file-read.ts';
import { headOf } from './file-view.ts';
import { fill } from './fill.ts';
import type { Asked } from './recording-probe.ts';
import type { BatchResult, ClaimTask, FoundHit, ScanTask, ToldBatch } from './scan-tasks.ts';
import type { SearchKernel } from './search-kernel.ts';

/** What a thread scans with. */
export interface ScanTools {
  readonly root: AbsolutePath;
  readonly kernel: SearchKernel;
  readonly needles: Needles;
  readonly context: RuleContext;
  /** What is told of files: a digest of all, of those with references, or of none. */
  readonly digests: Digests;
  /** What the context knows of the batch. */
  readonly files: BatchFiles;
  /** Files above this size are handed back (`large`). */
  readonly limit: number;
  /** Where a cache is to be made: takes what was asked of the context. */
  readonly takeAsked?: () => Asked[];
}

const NONE: readonly never[] = [];

/** Codes of a path that is not there any more. */
const GONE = new Set(['ENOENT', 'ENOTDIR']);

/** Does the tasks of a batch, in order. */
export function scanBatch(tools: ScanTools, batch: ToldBatch): BatchResult {
  const result: BatchResult = {
    findings: [],
    waiting: [],
    large: [],
    ranges: [],
    quiet: [],
    asked: [],
    unreadable: [],
    vanished: 0,
    files: 0,
    bytes: 0,
  };
  tools.files.begin(batch);
  for (const [index, task] of batch.tasks.entries()) {
    try {
      if (doTask(tools, task, result) && tools.takeAsked !== undefined) result.quiet.push(index);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      const code = errorCode(error);
      if (typeof task !== 'string') result.unreadable.push({ path: task.path, code });
      else if (tools.digests !== 'all' && error.syscall === 'open' && GONE.has(code)) result.vanished++;
      else result.unreadable.push({ path: task, code });
    }
  }
  if (tools.takeAsked !== undefined) result.asked.push(...tools.takeAsked());
  return result;
}

/** Whether the task was a file of one name in which nothing is, and that no rule wants to see. */
function doTask(tools: ScanTools, task: ScanTask, result: BatchResult): boolean {
  tools.files.current = typeof task === 'string' ? task : '';
  if (typeof task === 'string') return scanFile(tools, task, tools.limit, result);
  switch (task.kind) {
    case 'large-file':
      return scanFile(tools, task.path, Infinity, result);
    case 'range':
      searchRange(tools, task, result);
      return false;
    case 'claim':
      claimHits(tools, task, result);
      return false;
  }
}

function scanFile(tools: ScanTools, path: TreePath, limit: number, result: BatchResult): boolean {
  return withFile(tools.root, path, (descriptor) => {
    const stat = fstatSync(descriptor, { bigint: true });
    const was: LookedAt = { size: Number(stat.size), mtimeNs: stat.mtimeNs };
    const inode = stat.nlink > 1n ? `${stat.dev}:${stat.ino}` : null;
    if (was.size > limit) {
      result.large.push({ path, inode, seen: seenOf(was) });
      return false;
    }
    const mode = Number(stat.mode) & 0o7777;
    const file = search(tools, path, descriptor, was, mode, inode === null);
    if (inode === null) {
      result.files++;
      result.bytes += was.size;
    }
    const isWorthALook = file.usual !== null || file.hits.length > 0 || isInterestingFile(path, file.head);
    // symlinks that lead to a library matter where it holds a path; where it holds none, only if a rule asks for them
    const isLibrary = isWorthALook && isLibraryName(path);
    const isKnown = inode === null && !(isLibrary && file.hits.length > 0);
    const claimed = isWorthALook && isKnown ? claim(tools.context, file) : NO_CLAIMS;
    const mustWait = !isKnown || (isLibrary && claimed.asksLinks === true);
    if (mustWait)
      result.waiting.push({
        path,
        inode,
        seen: seenOf(was),
        hits: isWorthALook ? wired(file.hits, tools.context) : null,
      });
    const finding = findingOf(tools.kernel.buffer, tools.digests, file, mustWait ? NO_CLAIMS : claimed);
    if (finding !== null) result.findings.push(finding);
    return !isWorthALook && inode === null && finding === null;
  });
}

/** Searches a file of which nothing but its path is known. */
function search(
  tools: ScanTools,
  path: TreePath,
  descriptor: number,
  was: LookedAt,
  mode: number,
  hasOneName: boolean,
): Searched {
  const { kernel, needles, digests, context } = tools;
  const { buffer } = kernel;
  const read = fill(descriptor, buffer, 0, was.size);
  if (read < buffer.length) {
    const bytes = buffer.subarray(0, read);
    const found = kernel.find(read);
    const place = hasOneName ? onlyPlace(needles, found) : null;
    const usual = place === null ? null : usualByteCode(path, bytes, place, context);
    const hits = usual === null ? judgeHits(bytes, needles, found) : NONE;
    const places = usual === null ? plainPlaces(needles, found) : NONE;
    const digest = digests === 'all' ? hash('sha256', bytes) : null;
    const head = read > HEAD_BYTES ? kernel.head : bytes;
    return { path, aliases: NONE, links: NONE, descriptor, was, mode, read, head, hits, places, usual, bytes, digest };
  }
  const head = Buffer.from(buffer.subarray(0, HEAD_BYTES));
  const sum = digests === 'all' ? createHash('sha256') : null;
  const { hits, end } = searchWindows(descriptor, kernel, needles, { from: 0, to: Infinity }, (bytes) =>
    sum?.update(bytes),
  );
  const digest = sum?.digest('hex') ?? null;
  const whole = { places: null, usual: null, bytes: null, digest };
  return { path, aliases: NONE, links: NONE, descriptor, was, mode, read: end, head, hits, ...whole };
}

function searchRange(tools: ScanTools, task: Extract<ScanTask, { kind: 'range' }>, result: BatchResult): void {
  const { path, from, to } = task;
  withFile(tools.root, path, (descriptor) => {
    const { hits } = searchWindows(descriptor, tools.kernel, tools.needles, task);
    const { size } = fstatSync(descriptor);
    const isInteresting = from === 0 && isInterestingFile(path, readHead(tools, descriptor));
    const changed = size === task.size ? {} : { changed: `its size was ${task.size} bytes and is now ${size}` };
    result.ranges.push({ path, from, hits: wired(hits, tools.context), isInteresting, ...changed });
    result.bytes += to - from;
  });
}

/** Overwrites the kernel's buffer. */
function readHead({ kernel }: ScanTools, descriptor: number): Buffer {
  const head = kernel.buffer.subarray(0, HEAD_BYTES);
  return Buffer.from(head.subarray(0, fill(descriptor, head, 0)));
}

function claimHits(tools: ScanTools, task: ClaimTask, result: BatchResult): void {
  const { seen } = task;
  withFile(tools.root, task.path, (descriptor) => {
    const mode = fstatSync(descriptor).mode & 0o7777;
    const hits = task.hits.flatMap(({ prefix: index, ...hit }) => {
      const prefix = tools.context.prefixes[index];
      return prefix === undefined ? [] : [{ ...hit, prefix }];
    });
    const { buffer } = tools.kernel;
    const isWhole = seen.size < buffer.length;
    const read = isWhole ? fill(descriptor, buffer, 0, seen.size) : seen.size;
    const bytes = isWhole ? buffer.subarray(0, read) : null;
    const head = bytes === null ? readHead(tools, descriptor) : headOf(bytes);
    const { path, aliases, links } = task;
    const found = { hits, places: null, usual: null, bytes, digest: null };
    const was = { size: seen.size, mtimeNs: BigInt(seen.mtime) };
    const file: Searched = { path, aliases, links, descriptor, was, mode, read, head, ...found };
    const finding = findingOf(tools.kernel.buffer, tools.digests, file, claim(tools.context, file));
    if (finding !== null) result.findings.push(finding);
  });
}

function wired(hits: readonly Hit[], { prefixes }: RuleContext): FoundHit[] {
  return hits.map((hit) => ({ ...hit, prefix: prefixes.indexOf(hit.prefix) }));
}

/** Whether a file is a shared library or a module that is loaded like one, by its name: symlinks that lead to it matter. */
export function isLibraryName(path: TreePath): boolean {
  return /\.(?:so(?:\.[^/]*)?|dylib|bundle)$/.test(baseName(path));
}
