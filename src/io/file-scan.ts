/** Scans files: reads each once into a reused buffer, searches it, and lets the rules claim what was found. */
import { closeSync, fstatSync, type Stats } from 'node:fs';
import type { Needles } from '../formats/needles.ts';
import { packHits, UnpackedHits } from '../formats/packed-hits.ts';
import { baseName, type AbsolutePath, type TreePath } from '../model/path.ts';
import { isInterestingFile } from '../rules/claiming.ts';
import { HEAD_BYTES, type RuleContext } from '../rules/rule.ts';
import type { UsualByteCode } from '../rules/usual-byte-code.ts';
import type { BatchFiles } from './batch-files.ts';
import { errorCode } from './entries.ts';
import { claim, findingOf, NO_CLAIMS, type Digests, type OnReferences, type Searched } from './file-claims.ts';
import { changeSince, openFile, searchWindows, withFile } from './file-read.ts';
import { isDone, search, usualIn } from './file-search.ts';
import { headOf } from './file-view.ts';
import { fill } from './fill.ts';
import type { FindingRows } from './finding-rows.ts';
import type { Asked } from './recording-probe.ts';
import type {
  BatchAnswer,
  BatchResult,
  ClaimTask,
  FileFinding,
  OnPart,
  ScanTask,
  SeenFile,
  ToldBatch,
} from './scan-tasks.ts';
import type { SearchKernel } from './search-kernel.ts';

/** What a thread scans with. */
export interface ScanTools {
  readonly root: AbsolutePath;
  readonly kernel: SearchKernel;
  readonly needles: Needles;
  readonly context: RuleContext;
  /** What is told of files: a digest of all, of those with references, or of none. */
  readonly digests: Digests;
  /** Where only a report is wanted: takes what is found. */
  readonly rows: FindingRows | null;
  /** What the context knows of the batch. */
  readonly files: BatchFiles;
  /** Files above this size are handed back (`large`). */
  readonly limit: number;
  /** Where a cache is to be made: takes what was asked of the context. */
  readonly takeAsked?: () => Asked[];
}

/** Codes of a path that is not there any more. */
const GONE = new Set(['ENOENT', 'ENOTDIR']);

/** Does the tasks of a batch, in order. `onPart`: takes rows that go ahead of the answer. */
export function scanBatch(tools: ScanTools, batch: ToldBatch, onPart: OnPart): BatchAnswer {
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
  const { tasks } = batch;
  tools.files.begin(batch);
  tools.rows?.begin(onPart);
  for (let place = 0; place < tasks.length; place++) {
    const task = tasks[place];
    if (task === undefined) continue;
    try {
      if (doTask(tools, task, place, result) && tools.takeAsked !== undefined) result.quiet.push(place);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      const code = errorCode(error);
      if (typeof task !== 'string') result.unreadable.push({ path: task.path, code });
      else if (tools.digests !== 'all' && error.syscall === 'open' && GONE.has(code)) result.vanished++;
      else result.unreadable.push({ path: task, code });
    }
  }
  if (tools.takeAsked !== undefined) result.asked.push(...tools.takeAsked());
  return { ...result, rows: tools.rows?.take() ?? null };
}

/** Whether the task was a file of one name in which nothing is, and that no rule wants to see. */
function doTask(tools: ScanTools, task: ScanTask, place: number, result: BatchResult): boolean {
  if (typeof task === 'string') {
    tools.files.current = task;
    return scanFile(tools, task, place, tools.limit, result);
  }
  tools.files.current = '';
  switch (task.kind) {
    case 'large-file':
      return scanFile(tools, task.path, place, Infinity, result);
    case 'range':
      searchRange(tools, task, result);
      return false;
    case 'claim':
      claimHits(tools, task, place, result);
      return false;
  }
}

function tell(tools: ScanTools, place: number, finding: FileFinding | null, result: BatchResult): void {
  if (finding === null) return;
  if (tools.rows === null) result.findings.push(finding);
  else tools.rows.add(place, finding);
}

/** Where rows are written: takes the references of a file part by part. */
function partsOf({ rows }: ScanTools, place: number): OnReferences | null {
  return rows === null ? null : (references) => rows.addPart(place, references);
}

function scanFile(tools: ScanTools, path: TreePath, place: number, limit: number, result: BatchResult): boolean {
  const descriptor = openFile(tools.root, path);
  try {
    return scanOpened(tools, path, descriptor, place, limit, result);
  } finally {
    closeSync(descriptor);
  }
}

function scanOpened(
  tools: ScanTools,
  path: TreePath,
  descriptor: number,
  place: number,
  limit: number,
  result: BatchResult,
): boolean {
  const { kernel, rows, context } = tools;
  const stat = fstatSync(descriptor);
  const was: SeenFile = { size: stat.size, mtimeMs: stat.mtimeMs };
  const inode = stat.nlink > 1 ? inodeOf(stat, descriptor) : null;
  if (was.size > limit) {
    result.large.push({ path, inode, seen: was });
    return false;
  }
  const read = fill(descriptor, kernel.buffer, 0, was.size);
  const found = read < kernel.buffer.length ? kernel.find(read) : null;
  let usual: UsualByteCode | null = null;
  if (inode === null) {
    result.files++;
    result.bytes += was.size;
    // what most files come to is told at once, without anything being made of them
    if (found !== null) {
      if (found.length === 0 && read === was.size && isDone(tools, path, read)) return true;
      usual = usualIn(tools, path, read, found);
      if (usual !== null && rows !== null && changeSince(was, descriptor, read) === null) {
        rows.addUsual(place, usual);
        return false;
      }
    }
  }
  const file = search(tools, { path, descriptor, was, mode: stat.mode & 0o7777, read }, found, usual);
  const isWorthALook = usual !== null || file.hits.length > 0 || isInterestingFile(path, file.head);
  // symlinks that lead to a library matter where it holds a path; where it holds none, only if a rule asks for them
  const isLibrary = isWorthALook && isLibraryName(path);
  const isKnown = inode === null && !(isLibrary && file.hits.length > 0);
  const claimed = isWorthALook && isKnown ? claim(context, file, partsOf(tools, place)) : NO_CLAIMS;
  const mustWait = !isKnown || (isLibrary && claimed.asksLinks === true);
  const hits = mustWait && isWorthALook ? packHits(file.hits.slice(), context.prefixes) : null;
  if (mustWait) result.waiting.push({ path, inode, seen: was, hits });
  const finding = findingOf(kernel.buffer, tools.digests, file, mustWait ? NO_CLAIMS : claimed);
  tell(tools, place, finding, result);
  return !isWorthALook && inode === null && finding === null;
}

/** Which names are of one file. A double can't tell some inodes from their neighbours. */
function inodeOf(stat: Stats, descriptor: number): string {
  const { dev, ino } = Number.isSafeInteger(stat.ino) ? stat : fstatSync(descriptor, { bigint: true });
  return `${dev}:${ino}`;
}

function searchRange(tools: ScanTools, task: Extract<ScanTask, { kind: 'range' }>, result: BatchResult): void {
  const { path, from, to } = task;
  withFile(tools.root, path, (descriptor) => {
    const hits: number[] = [];
    searchWindows(descriptor, tools.kernel, tools.needles, task, {
      hits: (found) => void packHits(found, tools.context.prefixes, hits),
    });
    const { size } = fstatSync(descriptor);
    const isInteresting = from === 0 && isInterestingFile(path, readHead(tools, descriptor));
    const changed = size === task.size ? {} : { changed: `its size was ${task.size} bytes and is now ${size}` };
    result.ranges.push({ path, from, hits, isInteresting, ...changed });
    result.bytes += to - from;
  });
}

/** Overwrites the kernel's buffer. */
function readHead({ kernel }: ScanTools, descriptor: number): Buffer {
  const head = kernel.buffer.subarray(0, HEAD_BYTES);
  return Buffer.from(head.subarray(0, fill(descriptor, head, 0)));
}

function claimHits(tools: ScanTools, task: ClaimTask, place: number, result: BatchResult): void {
  const { seen } = task;
  withFile(tools.root, task.path, (descriptor) => {
    const mode = fstatSync(descriptor).mode & 0o7777;
    const hits = new UnpackedHits(task.hits, tools.context.prefixes);
    const { buffer } = tools.kernel;
    const isWhole = seen.size < buffer.length;
    const read = isWhole ? fill(descriptor, buffer, 0, seen.size) : seen.size;
    const bytes = isWhole ? buffer.subarray(0, read) : null;
    const head = bytes === null ? readHead(tools, descriptor) : headOf(bytes);
    const { path, aliases, links } = task;
    const found = { hits, places: null, only: null, bytes, digest: null };
    const file: Searched = { path, aliases, links, descriptor, was: seen, mode, read, head, ...found };
    const claimed = claim(tools.context, file, partsOf(tools, place));
    const finding = findingOf(tools.kernel.buffer, tools.digests, file, claimed);
    tell(tools, place, finding, result);
  });
}

/** Whether a file is a shared library or a module that is loaded like one, by its name: symlinks that lead to it matter. */
export function isLibraryName(path: TreePath): boolean {
  return /\.(?:so(?:\.[^/]*)?|dylib|bundle)$/.test(baseName(path));
}
