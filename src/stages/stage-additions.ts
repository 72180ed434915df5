/** Stages what comes along with a plan: the folders that are new in the tree, with the changes of their own files carried out. */
import { inFollowOrder, type NewContent } from '../formats/follows.ts';
import { digestFolder, stageAddition, type AddedChange } from '../io/additions.ts';
import { changedContent } from '../io/content.ts';
import { digestPieces } from '../io/pieces.ts';
import type { Run } from '../io/journal.ts';
import { isInside, joinAbsolute, type TreePath } from '../model/path.ts';
import type { FileChange, Plan, PlannedBundle } from '../model/plan.ts';
import type { Pace } from './pace.ts';

/** Writes the folders into the run's folder, behind the plan's own changes; their digests by their paths. */
export async function stageAdditions(run: Run, plan: Plan, pace: Pace): Promise<Map<TreePath, string>> {
  const { bundle } = plan;
  const added = new Map<TreePath, string>();
  if (bundle === undefined) return added;
  const changes = inFollowOrder(bundle.changes);
  for (const [number, path] of bundle.additions.entries()) {
    const index = plan.changes.length + number;
    const own = changes.filter(({ file }) => isInside(file, path));
    await stageAddition(run, index, { path, from: bundle.staging }, carriedOut(bundle, own), () => pace.rest());
    added.set(path, digestFolder(joinAbsolute(run.folder, `new/${index}`)));
    await pace.breathe();
  }
  return added;
}

/** Each change as it is to be written; what has been read tells those that store its digest. */
function* carriedOut(
  { staging }: PlannedBundle,
  changes: readonly FileChange[],
): Generator<readonly [TreePath, AddedChange]> {
  const contents = new Map<TreePath, NewContent | null>();
  for (const change of changes) {
    const names = [change.file, ...change.aliases];
    if (change.kind === 'content') {
      const pieces = (): Iterable<Buffer> => changedContent(staging, change, (file) => contents.get(file));
      const content = digestPieces(pieces());
      for (const name of names) contents.set(name, content);
      for (const name of names) yield [name, { kind: 'content', pieces: pieces() }];
    } else if (change.kind === 'remove') {
      for (const name of names) contents.set(name, null);
      for (const name of names) yield [name, { kind: 'remove' }];
    } else yield [change.file, { kind: 'retarget', target: change.target }];
  }
}
