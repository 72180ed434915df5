/** A plan for other programs: every edit and every refusal, without the byte ranges by which relocate carries them out. */
import { nameJson, referenceJson } from '../formats/reference-json.ts';
import type { FileChange, Plan, Refusal } from '../model/plan.ts';
import { jsonRows } from './json-rows.ts';

/** The document in pieces. */
export function* planJson(plan: Plan): Generator<string> {
  const head = {
    version: plan.version,
    ...nameJson('tree', plan.tree),
    relocations: plan.relocations.map(({ from, base, to }) => ({ ...nameJson('from', from), base, to })),
    via: plan.via,
    pythons: plan.bundle?.pythons ?? [],
  };
  yield JSON.stringify(head, null, 2).replace(/\n\}$/, ',\n  "changes": ');
  yield* jsonRows(plan.changes, changeJson);
  yield ',\n  "refusals": ';
  yield* jsonRows(plan.refusals, refusalJson);
  yield '\n}\n';
}

/** What stays as it is, with the reason. */
export function refusalJson({ reference, reason, note }: Refusal): unknown {
  return { ...referenceJson(reference), reason, note };
}

function changeJson(change: FileChange): unknown {
  const { kind, file, aliases, before, edits } = change;
  return {
    kind,
    ...nameJson('file', file),
    aliases: aliases.map((alias) => nameJson('file', alias)),
    before,
    ...(kind === 'retarget' ? nameJson('target', change.target) : {}),
    ...(kind === 'remove' ? { reason: change.reason } : {}),
    edits: edits.map(({ reference, form, replacement }) => ({
      ...referenceJson(reference),
      form,
      replacement,
    })),
    ...(kind === 'content' ? { follows: change.follows.map(({ of }) => of) } : {}),
  };
}
