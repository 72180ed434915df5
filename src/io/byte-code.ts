/** Byte code that Python wrote by itself from sources that are put back. */
import { lstatSync, unlinkSync } from 'node:fs';
import type { Step } from '../formats/journal-records.ts';
import { baseName, dirName, joinTree, type AbsolutePath, type TreePath } from '../model/path.ts';
import { hostPath } from './entries.ts';
import { namesOf, namesOfStep } from './journal.ts';

/**
 * Removes what Python compiled since `since` (milliseconds since the epoch) from the sources among the steps. It must go: it holds the size and the time of its source, which may
 * be the same for the source that is put back, and then Python would go on running the other one's code (PEP 552).
 * @returns the paths that are gone; Python writes them anew when it needs them
 */
export function removeByteCodeOf(tree: AbsolutePath, steps: readonly Step[], since: number): TreePath[] {
  const own = new Set(steps.flatMap(namesOfStep));
  const sources = steps
    .filter(({ kind }) => kind === 'content')
    .flatMap(namesOfStep)
    .filter((name) => name.endsWith('.py'));
  const namesIn = new Map<TreePath, string[]>();
  const listed = (folder: TreePath): string[] => {
    const names = namesIn.get(folder) ?? namesOf(tree, folder);
    namesIn.set(folder, names);
    return names;
  };
  const stale = sources.flatMap((source) => {
    const stem = baseName(source).slice(0, -'.py'.length);
    const cache = joinTree(dirName(source), '__pycache__');
    const cached = listed(cache).filter((name) => name.startsWith(`${stem}.`) && name.endsWith('.pyc'));
    return cached
      .map((name) => joinTree(cache, name))
      .filter((path) => !own.has(path) && lstatSync(hostPath(tree, path)).mtimeMs > since);
  });
  for (const path of stale) unlinkSync(hostPath(tree, path));
  return stale;
}
