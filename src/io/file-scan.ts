/** Scans files: reads each once into a reused buffer, searches it, and lets the rules claim what was found. */
import { createHash, hash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { signatureOf } from '../formats/code-signature.ts';
import { isMachO } from '../formats/macho.ts';
import { judgeHits, onlyPlace, plainPlaces, type Hit, type Needles, type Place } from '../formats/needles.ts';
import { baseName, type AbsolutePath, type TreePath } from '../model/path.ts';
import { claimFile, isInterestingFile } from '../rules/claiming.ts';
import type { Reference } from '../model/reference.ts';
import { HEAD_BYTES, WHOLE_FILE_LIMIT, type FileView, type RuleContext } from '../rules/rule.ts';
import { usualByteCode } from '../rules/usual-byte-code.ts';
import type { BatchFiles } from './batch-files.ts';
import { errorCode } from './entries.ts';
import { changeSince, searchWindows, seenOf, withFile } from './file-read.ts';
import { headOf, regionView, wholeView } from './file-view.ts';
import { fill } from './fill.ts';
import type { Asked } from './recording-probe.ts';
import type { BatchResult, ClaimTask, FileFinding, FoundHit, ScanTask, SeenFile, ToldBatch } from './scan-tasks.ts';
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

export type Digests = 'all' | 'referring' | 'none';

/** The names of a file, as far as they are known. */
interface Named {
  readonly path: TreePath;
  readonly aliases: readonly TreePath[];
  readonly links: readonly TreePath[];
}

/** An open file that was searched. */
interface Searched extends Named {
  readonly descriptor: number;
  readonly seen: SeenFile;
  readonly mode: number;
  /** Bytes that were read. */
  readonly read: number;
  readonly head: Buffer;
  readonly hits: readonly Hit[];
  /** Where prefixes stand as they are; null where that was not asked, or the file is not in the buffer. */
  readonly places: readonly Place[] | null;
  /** Its only reference, where that could be told at once: then there are no hits for the rules. */
  readonly usual: Reference | null;
  /** All of it, where it is in the buffer. */
  readonly bytes: Buffer | null;
  readonly digest: string | null;
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
    const seen = seenOf(stat);
    const inode = stat.nlink > 1n ? `${stat.dev}:${stat.ino}` : null;
    if (seen.size > limit) {
      result.large.push({ path, inode, seen });
      return false;
    }
    const mode = Number(stat.mode & 0o7777n);
    const file = search(tools, path, descriptor, seen, mode, inode === null);
    if (inode === null) {
      result.files++;
      result.bytes += seen.size;
    }
    const { usual } = file;
    const isWorthALook = usual !== null || file.hits.length > 0 || isInterestingFile(path, file.head);
    const claimed =
      usual !== null ? { references: [usual] } : isWorthALook && inode === null ? claim(tools, file) : NOTHING;
    // a library is claimed at once unless a rule wants to know which symlinks lead to it
    const mustWait = inode !== null || (claimed.asksLinks === true && isLibraryName(path));
    if (mustWait)
      result.waiting.push({ path, inode, seen, hits: isWorthALook ? wired(file.hits, tools.context) : null });
    const finding = findingOf(tools, file, mustWait ? NOTHING : claimed);
    if (finding !== null) result.findings.push(finding);
    return !isWorthALook && inode === null && finding === null;
  });
}

/** Searches a file of which nothing but its path is known. */
function search(
  tools: ScanTools,
  path: TreePath,
  descriptor: number,
  seen: SeenFile,
  mode: number,
  hasOneName: boolean,
): Searched {
  const { kernel, needles, digests, context } = tools;
  const { buffer } = kernel;
  const read = fill(descriptor, buffer, 0, seen.size);
  if (read < buffer.length) {
    const bytes = buffer.subarray(0, read);
    const found = kernel.find(read);
    const place = hasOneName ? onlyPlace(needles, found) : null;
    const usual = place === null ? null : usualByteCode(path, bytes, place, context);
    const hits = usual === null ? judgeHits(bytes, needles, found) : NONE;
    const places = usual === null ? plainPlaces(needles, found) : NONE;
    const digest = digests === 'all' ? hash('sha256', bytes) : null;
    const head = headOf(bytes);
    return { path, aliases: NONE, links: NONE, descriptor, seen, mode, read, head, hits, places, usual, bytes, digest };
  }
  const head = Buffer.from(buffer.subarray(0, HEAD_BYTES));
  const sum = digests === 'all' ? createHash('sha256') : null;
  const { hits, end } = searchWindows(descriptor, kernel, needles, { from: 0, to: Infinity }, (bytes) =>
    sum?.update(bytes),
  );
  const digest = sum?.digest('hex') ?? null;
  const whole = { places: null, usual: null, bytes: null, digest };
  return { path, aliases: NONE, links: NONE, descriptor, seen, mode, read: end, head, hits, ...whole };
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
    const file: Searched = { path, aliases, links, descriptor, seen, mode, read, head, ...found };
    const finding = findingOf(tools, file, claim(tools, file));
    if (finding !== null) result.findings.push(finding);
  });
}

/** What the rules make of a file. */
interface Claimed extends Pick<FileFinding, 'references' | 'sealed'> {
  /** Set where a rule asked which symlinks lead to the file. */
  readonly asksLinks?: boolean;
}

const NOTHING: Claimed = { references: [] };

function claim({ context }: ScanTools, file: Searched): Claimed {
  const { path: first, aliases, links, mode, head, hits, descriptor } = file;
  const names: [TreePath, ...TreePath[]] = [first, ...aliases];
  let asksLinks = false;
  const onLinks = (): void => void (asksLinks = true);
  const shown = { names, links, mode, onLinks };
  const viewOf = (bytes: Buffer) => (path: TreePath) =>
    wholeView({ ...shown, path, size: bytes.length }, bytes, file.places);
  const viewAs = ((): ((path: TreePath) => FileView) => {
    if (file.bytes !== null) return viewOf(file.bytes);
    if (file.read > WHOLE_FILE_LIMIT || hits.length === 0)
      return (path) => regionView({ ...shown, path, size: file.read }, descriptor, head);
    const bytes = Buffer.allocUnsafe(file.read);
    return viewOf(bytes.subarray(0, fill(descriptor, bytes, 0)));
  })();
  const references = claimFile(viewAs, names, hits, context);
  const signature = references.length > 0 && isMachO(head) ? signatureOf(viewAs(first)) : null;
  const seal = signature?.kind === 'renewable' ? { sealed: signature.sealed } : {};
  return { references, asksLinks, ...seal };
}

/** Null where there is nothing to tell. */
function findingOf(tools: ScanTools, file: Searched, claimed: Claimed): FileFinding | null {
  const { references, sealed } = claimed;
  const { path, aliases, mode, seen, read, descriptor } = file;
  const digest = file.digest ?? (references.length > 0 && tools.digests !== 'none' ? digestOf(tools, file) : null);
  if (references.length === 0 && digest === null && read === seen.size) return null;
  const change = changeSince(seen, descriptor, read);
  const changed = change === null ? {} : { changed: change };
  const seal = sealed === undefined ? {} : { sealed };
  return { path, aliases, mode, ...seen, references, ...seal, digest, ...changed };
}

function digestOf({ kernel: { buffer } }: ScanTools, { bytes, descriptor }: Searched): string {
  if (bytes !== null) return hash('sha256', bytes);
  const digest = createHash('sha256');
  for (let at = 0; ;) {
    const got = fill(descriptor, buffer, at);
    digest.update(buffer.subarray(0, got));
    at += got;
    if (got < buffer.length) return digest.digest('hex');
  }
}

function wired(hits: readonly Hit[], { prefixes }: RuleContext): FoundHit[] {
  return hits.map((hit) => ({ ...hit, prefix: prefixes.indexOf(hit.prefix) }));
}

/** Whether a file is a shared library or a module that is loaded like one, by its name: symlinks that lead to it matter. */
export function isLibraryName(path: TreePath): boolean {
  return /\.(?:so(?:\.[^/]*)?|dylib|bundle)$/.test(baseName(path));
}
