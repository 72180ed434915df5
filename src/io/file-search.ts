/** Searches a file that was read into the kernel's buffer, as far as that goes. */
import { createHash, hash } from 'node:crypto';
import { judgeHits, onlyPlace, plainPlaces } from '../formats/needles.ts';
import { packHits, UnpackedHits } from '../formats/packed-hits.ts';
import type { TreePath } from '../model/path.ts';
import { isInterestingFile } from '../rules/claiming.ts';
import { HEAD_BYTES } from '../rules/rule.ts';
import { usualByteCode, usualReference, type UsualByteCode } from '../rules/usual-byte-code.ts';
import type { Searched } from './file-claims.ts';
import { searchWindows } from './file-read.ts';
import type { ScanTools } from './file-scan.ts';
import type { SearchKernel } from './search-kernel.ts';

const NONE: readonly never[] = [];

/** Whether nothing is to be told of a file of so many bytes in which nothing was found. */
export function isDone({ digests, kernel }: ScanTools, path: TreePath, read: number): boolean {
  return digests !== 'all' && !isInterestingFile(path, headIn(kernel, read));
}

/** What is told of a file that is in the buffer whole, where that is byte code like most. */
export function usualIn(
  { kernel, needles, context }: ScanTools,
  path: TreePath,
  read: number,
  found: ArrayLike<number>,
): UsualByteCode | null {
  const place = onlyPlace(needles, found);
  return place === null ? null : usualByteCode(path, kernel.buffer.subarray(0, read), place, context);
}

/**
 * Searches a file of which nothing but its path is known.
 * @param found what the kernel found; null where the file is larger than the buffer
 */
export function search(
  { kernel, needles, digests, context }: ScanTools,
  file: Pick<Searched, 'path' | 'descriptor' | 'was' | 'mode' | 'read'>,
  found: ArrayLike<number> | null,
  usual: UsualByteCode | null,
): Searched {
  const { buffer } = kernel;
  const { path, descriptor, was, mode, read } = file;
  if (found !== null) {
    const bytes = buffer.subarray(0, read);
    const hits = usual === null ? judgeHits(bytes, needles, found) : NONE;
    const places = usual === null ? plainPlaces(needles, found) : NONE;
    const digest = digests === 'all' ? hash('sha256', bytes) : null;
    const head = headIn(kernel, read);
    const only = usual === null ? null : usualReference(usual);
    return { path, aliases: NONE, links: NONE, descriptor, was, mode, read, head, hits, places, only, bytes, digest };
  }
  const head = Buffer.from(buffer.subarray(0, HEAD_BYTES));
  const sum = digests === 'all' ? createHash('sha256') : null;
  const packed: number[] = [];
  const end = searchWindows(
    descriptor,
    kernel,
    needles,
    { from: 0, to: Infinity },
    {
      hits: (found) => void packHits(found, context.prefixes, packed),
      bytes: (bytes) => void sum?.update(bytes),
    },
  );
  const digest = sum?.digest('hex') ?? null;
  const hits = new UnpackedHits(packed, context.prefixes);
  const whole = { places: null, only: null, bytes: null, digest };
  return { path, aliases: NONE, links: NONE, descriptor, was, mode, read: end, head, hits, ...whole };
}

function headIn({ buffer, head }: SearchKernel, read: number): Buffer {
  return read > HEAD_BYTES ? head : buffer.subarray(0, read);
}
