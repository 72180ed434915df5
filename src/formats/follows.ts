/** Files that store the digests of others (a wheel's RECORD): in which order files change, and what those rows become. Pure. */
import type { TreePath } from '../model/path.ts';
import type { FileChange } from '../model/plan.ts';
import type { Splice } from '../model/reference.ts';
import type { Dependent } from '../model/scan.ts';
import { mergeSplices } from './splices.ts';

export type ContentChange = Extract<FileChange, { kind: 'content' }>;
export type RecordRow = ContentChange['follows'][number];

/** The new bytes of a file that others store a digest of. */
export interface NewContent {
  /** sha256, hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** What became of a file: its new content, null where it is gone, undefined where it did not change. */
export type NewContentOf = (file: TreePath) => NewContent | null | undefined;

/** The rows among some dependents, by the RECORD that holds them. */
export function rowsByRecord(dependents: readonly Dependent[]): Map<TreePath, RecordRow[]> {
  const rows = new Map<TreePath, RecordRow[]>();
  for (const row of dependents) {
    if (row.kind !== 'record-row') continue;
    const known = rows.get(row.file);
    if (known === undefined) rows.set(row.file, [row]);
    else known.push(row);
  }
  return rows;
}

/**
 * The order in which changes are carried out, so that the new digests a file stores are known before it is written. Otherwise the
 * order stays. Two files that store each other's digest can't both be right: the one that comes later follows the other.
 */
export function inFollowOrder(changes: readonly FileChange[]): FileChange[] {
  const byName = new Map(
    changes.flatMap((change) => [change.file, ...change.aliases].map((name) => [name, change] as const)),
  );
  const ordered: FileChange[] = [];
  const seen = new Set<FileChange>();
  const visit = (change: FileChange): void => {
    if (seen.has(change)) return;
    seen.add(change);
    for (const row of change.kind === 'content' ? change.follows : []) {
      const followed = byName.get(row.of);
      if (followed !== undefined) visit(followed);
    }
    ordered.push(change);
  };
  changes.forEach(visit);
  return ordered;
}

/** All splices of a change: its own, and those of the rows that follow other files. A row that goes takes the edits in it along. */
export function contentSplices(change: ContentChange, newContentOf: NewContentOf): Splice[] {
  const gone = change.follows.filter((row) => newContentOf(row.of) === null);
  const isGone = (splice: Splice): boolean =>
    gone.some(({ row: [start, end] }) => splice.start >= start && splice.end <= end);
  const own = gone.length === 0 ? change.splices : change.splices.filter((splice) => !isGone(splice));
  return mergeSplices(
    own,
    change.follows.flatMap((row) => rowSplices(row, newContentOf(row.of))),
  );
}

/**
 * What a row of a RECORD becomes: `path,sha256=<digest in base64url, no padding>,<size in bytes>` (binary distribution format of the
 * Python Packaging User Guide, "The .dist-info directory"; PEP 376, "RECORD").
 */
function rowSplices({ row, digest, size }: RecordRow, content: NewContent | null | undefined): Splice[] {
  if (content === undefined) return [];
  if (content === null) return [{ start: row[0], end: row[1], text: '' }];
  const encoded = Buffer.from(content.digest, 'hex').toString('base64url');
  const fields = [
    { start: digest[0], end: digest[1], text: `sha256=${encoded}` },
    { start: size[0], end: size[1], text: String(content.size) },
  ];
  // pip leaves the fields of byte code empty: what says nothing of the content can't become wrong
  return fields.filter(({ start, end }) => end > start);
}
