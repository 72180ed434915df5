/** The plan of a pack, made file by file: with placeholders for the place, and with what follows from the changes of other files. */
import { rowsByRecord } from '../formats/follows.ts';
import type { TreePath } from '../model/path.ts';
import type { FileChange } from '../model/plan.ts';
import type { FoundFile } from '../model/scan.ts';
import { isRewritten, withRows } from './file-changes.ts';
import type { PackScan } from './pack-scan.ts';
import { filePlanner, type FilePlan, type Strategy } from './plan.ts';

/** A file of which something was found, and what becomes of it. */
export interface PlannedFile extends FoundFile, FilePlan {}

export class PackPlan {
  /** Byte code that goes because its source changes, under all its names, with the reason. */
  readonly removed: ReadonlyMap<TreePath, string>;
  readonly #found: Iterable<FoundFile>;
  readonly #planFile: ReturnType<typeof filePlanner>;
  /** Rows of changed files, by the RECORD that has them. */
  readonly #follows: ReturnType<typeof rowsByRecord>;

  constructor({ tree, prefixes, dependents, found }: PackScan, strategy: Omit<Strategy, 'to' | 'via'>) {
    this.#found = found;
    this.#planFile = filePlanner({ tree, prefixes }, { ...strategy, to: 'placeholder' });
    const followed = new Set(dependents.map(({ of }) => of));
    const compiled = new Map<TreePath, readonly TreePath[]>();
    for (const { kind, file } of dependents) if (kind === 'byte-code') compiled.set(file, [file]);
    const changed = new Set<TreePath>();
    for (const each of followed.size === 0 ? [] : found) {
      const { file, facts } = each;
      if (facts === null) continue;
      const names = [file, ...facts.aliases];
      if (compiled.has(file)) compiled.set(file, names);
      const isFollowed = names.some((name) => followed.has(name));
      const change = isFollowed ? this.#planFile(each.references, facts).change : null;
      if (change !== null && isRewritten(change)) for (const name of names) changed.add(name);
    }
    const removed = new Map<TreePath, string>();
    for (const { kind, file, of } of dependents) {
      if (kind !== 'byte-code' || !changed.has(of)) continue;
      for (const name of compiled.get(file) ?? []) removed.set(name, `byte code of ${of}, which changes`);
      changed.add(file);
    }
    this.removed = removed;
    this.#follows = rowsByRecord(dependents.filter(({ of }) => changed.has(of)));
  }

  /** All of them, in byte order; of what goes nothing is left to refuse. */
  *files(): Generator<PlannedFile, void, void> {
    for (const { file, facts, references } of this.#found) {
      if (this.removed.has(file)) {
        yield { file, facts, references, change: null, refusals: [] };
        continue;
      }
      const { change, refusals } = this.#planFile(references, facts ?? undefined);
      const rows = this.#follows.get(file);
      const withFollowed: FileChange | null =
        rows === undefined || facts === null ? change : withRows(change, facts, rows);
      yield { file, facts, references, change: withFollowed, refusals };
    }
  }
}
