/** Receipts: from a plan and the new digests to what is told of a run. Pure. */
import type { FileChange, Plan } from '../model/plan.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { ChangedFile, Receipt } from '../model/receipt.ts';

/** A run that had nothing to do. */
export function emptyReceipt(tree: AbsolutePath, at: string): Receipt {
  const counts = { files: 0, symlinks: 0, removed: 0, added: 0, names: 0, edits: 0 };
  return { version: 1, run: null, tree, at, counts, changes: [], warnings: [] };
}

export interface RunFacts {
  readonly run: number;
  readonly at: string;
  /** sha256, hex, of what stands at a change's names now; null where nothing does. */
  readonly after: ReadonlyMap<FileChange, string | null>;
  /** The same of the folders that are new, by their paths. */
  readonly added: ReadonlyMap<TreePath, string>;
  readonly warnings: readonly string[];
}

/** What a run did. */
export function receiptOf({ tree, changes }: Plan, { run, at, after, added, warnings }: RunFacts): Receipt {
  const count = (kind: FileChange['kind']): number => changes.filter((change) => change.kind === kind).length;
  return {
    version: 1,
    run,
    tree,
    at,
    counts: {
      files: count('content'),
      symlinks: count('retarget'),
      removed: count('remove'),
      added: added.size,
      names: changes.reduce((sum, { aliases }) => sum + 1 + aliases.length, 0),
      edits: changes.reduce((sum, { edits }) => sum + edits.length, 0),
    },
    changes: [
      ...changes.map((change): ChangedFile => {
        const { file, aliases, kind, before } = change;
        return { file, aliases, kind, before, after: after.get(change) ?? null };
      }),
      ...[...added].map(([file, digest]): ChangedFile => ({
        file,
        aliases: [],
        kind: 'add',
        before: null,
        after: digest,
      })),
    ],
    warnings,
  };
}
