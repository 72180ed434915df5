/** preview: what a plan would make of each file. Reads the tree, writes nothing. */
import { createHash } from 'node:crypto';
import { contentSplices, inFollowOrder, type ContentChange, type NewContent } from '../formats/follows.ts';
import { changedContent } from '../io/content.ts';
import type { TreePath } from '../model/path.ts';
import type { FileChange, Plan } from '../model/plan.ts';
import type { Splice } from '../model/reference.ts';

/** Larger files are not shown line by line. */
const SHOWN_BYTES = 16 * 1024 * 1024;

export interface Preview {
  readonly change: FileChange;
  /** The bytes that are there now; null where the file is too large to show, or its change is not one of bytes. */
  readonly before: Buffer | null;
  /** All splices of the change, digests of other files included, in order. */
  readonly splices: readonly Splice[];
}

/**
 * The changes of a plan, in its order, with what is needed to show them.
 * @throws StalePlanError where a file is not what the plan was made for
 */
export function* preview(plan: Plan): Generator<Preview> {
  const contents = followedContents(plan);
  for (const change of plan.changes) {
    if (change.kind !== 'content') yield { change, before: null, splices: [] };
    else
      yield {
        change,
        before: presentBytes(plan, change),
        splices: contentSplices(change, (file) => contents.get(file)),
      };
  }
}

/** New digests and sizes of the files whose digests others store; null for those that go. */
function followedContents(plan: Plan): ReadonlyMap<TreePath, NewContent | null> {
  const followed = new Set(
    plan.changes.flatMap((change) => (change.kind === 'content' ? change.follows.map(({ of }) => of) : [])),
  );
  const contents = new Map<TreePath, NewContent | null>();
  for (const change of inFollowOrder(plan.changes)) {
    const names = [change.file, ...change.aliases];
    if (!names.some((name) => followed.has(name)) || change.kind === 'retarget') continue;
    const content = change.kind === 'remove' ? null : newContent(plan, change, contents);
    for (const name of names) contents.set(name, content);
  }
  return contents;
}

function newContent(plan: Plan, change: ContentChange, contents: ReadonlyMap<TreePath, NewContent | null>): NewContent {
  const digest = createHash('sha256');
  let size = 0;
  for (const chunk of changedContent(plan.tree, change, (file) => contents.get(file))) {
    digest.update(chunk);
    size += chunk.length;
  }
  return { digest: digest.digest('hex'), size };
}

/** The file as it is: the change with nothing to change. */
function presentBytes(plan: Plan, change: ContentChange): Buffer | null {
  const chunks: Buffer[] = [];
  let size = 0;
  for (const chunk of changedContent(plan.tree, { ...change, splices: [], follows: [], seals: [] }, () => undefined)) {
    size += chunk.length;
    if (size > SHOWN_BYTES) return null;
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}
