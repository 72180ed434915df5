/** The order in which references are told: by file in byte order, then by where they stand in it, then by code. */
import type { PlainReference } from '../model/reference.ts';
import { compareBytes } from './byte-text.ts';

export function byPlace(left: PlainReference, right: PlainReference): number {
  return compareBytes(left.file, right.file) || byPlaceInFile(left, right);
}

/** The same for references of one file. */
export function byPlaceInFile(left: PlainReference, right: PlainReference): number {
  return startOf(left) - startOf(right) || compareBytes(left.code, right.code);
}

/** Members of archives stay in the order in which they were found, behind the rest. */
function startOf({ site }: PlainReference): number {
  if (site.kind === 'member') return Number.MAX_SAFE_INTEGER;
  return 'start' in site ? site.start : -1;
}
