/** Files that others may write to while a pack runs: copied aside first, so that what is hashed is what is packed. */
import { showBytes } from '../formats/byte-text.ts';
import { copyAside } from '../io/spool.ts';
import { rootOf } from '../model/bundle.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { Pace } from './pace.ts';
import type { PackScan } from './pack-scan.ts';
import { selectPaths } from './selection.ts';

export interface Spool {
  /** Where the copy of a file stands; null for files that were not copied. */
  rootOf(file: TreePath): AbsolutePath | null;
  digestOf(file: TreePath): string | null;
  /** Copies that are not what the scan saw: the plan's edits do not fit them. */
  readonly changed: readonly { readonly file: TreePath }[];
  /** Files that went away. */
  readonly vanished: ReadonlySet<TreePath>;
  readonly warnings: readonly string[];
}

/** Copies every volatile file into `folder`, by the same path below it. */
export async function spoolVolatile(
  scan: PackScan,
  globs: readonly string[],
  folder: () => AbsolutePath,
  pace: Pace,
): Promise<Spool> {
  const isVolatile = selectPaths(globs);
  const digests = new Map<TreePath, string>();
  const vanished = new Set<TreePath>();
  const changed: { readonly file: TreePath }[] = [];
  const warnings: string[] = [];
  for (const entry of globs.length === 0 ? [] : scan.entries) {
    if (entry.type !== 'file' || isVolatile(entry.path) === null) continue;
    const digest = copyAside(rootOf(entry.path, scan), entry.path, folder());
    if (digest === null) vanished.add(entry.path);
    else digests.set(entry.path, digest);
    if (digest === null) warnings.push(`${showBytes(entry.path)} went away while the tree was packed; it is volatile`);
    else if (digest !== entry.digest) {
      changed.push({ file: entry.path });
      warnings.push(
        `${showBytes(entry.path)} changed while the tree was packed; it is volatile, and packed as it was last, without edits`,
      );
    }
    await pace.step(entry.size);
  }
  return {
    rootOf: (file) => (digests.has(file) ? folder() : null),
    digestOf: (file) => digests.get(file) ?? null,
    changed,
    vanished,
    warnings,
  };
}
