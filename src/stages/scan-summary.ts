/** Sums up a scan: counts, and the references that the scan itself makes. */
import { compareBytes } from '../formats/byte-text.ts';
import { roomFor } from '../formats/file-rows.ts';
import { RULE_NAMES, type RuleCode } from '../model/codes.ts';
import type { TreePath } from '../model/path.ts';
import type { Fix, Reference } from '../model/reference.ts';
import type { Dependent, ScanSummary } from '../model/scan.ts';

/** RL901. `why` is the system's code (`EACCES`), or a sentence. */
export function unreadable(file: TreePath, why: string): Reference {
  return entryReference('RL901', file, why, 'not looked at: what it holds is unknown');
}

/** RL902. */
export function changedWhileRead(file: TreePath, how: string): Reference {
  return entryReference('RL902', file, how, 'scan again when nothing writes to it, or leave it out with --exclude');
}

function entryReference(code: RuleCode, file: TreePath, path: string, note: string): Reference {
  return {
    code,
    rule: RULE_NAMES[code],
    file,
    site: { kind: 'entry' },
    path,
    prefix: null,
    scope: 'inside',
    applicability: 'manual',
    fix: 'blocked',
    note,
  };
}

/** Byte code among what depends on files that may change. */
export function compiledFrom(dependents: readonly Dependent[]): Set<TreePath> {
  return new Set(dependents.flatMap(({ kind, file }) => (kind === 'byte-code' ? [file] : [])));
}

/** Counts of entries by type, and the bytes of all files. */
export interface Counts {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly bytes: number;
}

/**
 * The summary of sorted references.
 * @param compiled byte code of sources that have references themselves: it goes when its source changes, so it limits nothing
 */
export function summarize(
  counts: Counts,
  references: readonly Reference[],
  compiled: ReadonlySet<TreePath>,
): ScanSummary {
  const byCode: Partial<Record<RuleCode, number>> = {};
  const byFix: Record<Fix, number> = { relative: 0, pinned: 0, blocked: 0, none: 0 };
  let maxPrefixBytes: number | null = null;
  for (const reference of references) {
    byCode[reference.code] = (byCode[reference.code] ?? 0) + 1;
    byFix[reference.fix]++;
    const room = compiled.has(reference.file) ? null : roomFor(reference);
    if (room !== null && (maxPrefixBytes === null || room < maxPrefixBytes)) maxPrefixBytes = room;
  }
  return { ...counts, references: references.length, byCode: sortedKeys(byCode), byFix, maxPrefixBytes };
}

export function sortedKeys(counts: Partial<Record<RuleCode, number>>): Partial<Record<RuleCode, number>> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => compareBytes(a, b)));
}
