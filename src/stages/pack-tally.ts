/** Sums up what stays as it is, as the files of a plan go by. */
import { compareBytes } from '../formats/byte-text.ts';
import { roomFor } from '../formats/file-rows.ts';
import type { LeftReference } from '../model/manifest.ts';
import type { TreePath } from '../model/path.ts';
import type { Dependent } from '../model/scan.ts';
import type { PlannedFile } from './pack-plan.ts';
import { compiledFrom } from './scan-summary.ts';

export class PackTally {
  /** The longest destination, in bytes, that every fixed slot can hold; null where none limits it. */
  maxPrefixBytes: number | null = null;
  readonly #compiled: ReadonlySet<TreePath>;
  readonly #refusals: LeftReference[] = [];

  constructor(dependents: readonly Dependent[]) {
    this.#compiled = compiledFrom(dependents);
  }

  add(planned: PlannedFile): void {
    this.#addRefusals(planned);
    if (this.#compiled.has(planned.file)) return;
    for (const reference of planned.references) {
      const room = roomFor(reference);
      if (room !== null && (this.maxPrefixBytes === null || room < this.maxPrefixBytes)) this.maxPrefixBytes = room;
    }
  }

  /** One line for all references of a file that stay for the same reason, in order. */
  get refusals(): readonly LeftReference[] {
    return this.#refusals;
  }

  /** What leads outside stands in the requirements. */
  #addRefusals({ file, refusals }: PlannedFile): void {
    const lines = new Map<string, LeftReference>();
    for (const { reference, reason } of refusals) {
      const { code } = reference;
      const key = `${code} ${reason}`;
      if (reason !== 'outside') lines.set(key, { file, code, reason, count: (lines.get(key)?.count ?? 0) + 1 });
    }
    const sorted = [...lines.values()].sort((a, b) => compareBytes(a.code, b.code) || compareBytes(a.reason, b.reason));
    for (const line of sorted) this.#refusals.push(line);
  }
}
