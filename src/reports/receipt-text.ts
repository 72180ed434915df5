/** What fix, undo and recover did, for people. */
import { showBytes } from '../formats/byte-text.ts';
import { IS_FAILURE } from '../model/outcome.ts';
import type { Plan, RefusalReason } from '../model/plan.ts';
import type { Receipt, Recovery, Undone } from '../model/receipt.ts';
import { linesByFile, type ListStyle } from './item-lines.ts';
import { codesOf } from './items.ts';
import { refusalCounts, refusalItem } from './plan-text.ts';
import { shellWord } from './shell-word.ts';
import type { Style } from './style.ts';
import { list, plural, wrap } from './words.ts';

/** What `fix` did: the counts, then what it could not do with the reason, then what to know. */
export function* receiptText(receipt: Receipt, plan: Plan, style: ListStyle): Generator<string> {
  const { paint, columns } = style;
  const tree = shellWord(receipt.tree);
  yield* warnings(receipt.warnings, style);
  const failures = plan.refusals.filter(({ reason }) => IS_FAILURE[reason]);
  yield* linesByFile(failures.map(refusalItem), style);
  if (failures.length > 0) yield '';
  yield `${paint('strong', showBytes(receipt.tree))}  ${receipt.run === null ? 'nothing to change' : paint('good', done(receipt))}`;
  if (plan.refusals.length > 0) yield* wrap(refusalCounts(plan.refusals, style), columns);
  const has = (reason: RefusalReason): boolean => plan.refusals.some((refusal) => refusal.reason === reason);
  if (has('in-place'))
    yield* wrap(
      `in-place: absolute for want of a relative form, and true here. After a move, ${paint('code', 'relocate fix')} writes the new place.`,
      columns,
    );
  if (failures.length > 0)
    yield* wrap(
      `Why, and what would help: ${list(codesOf(failures.map(refusalItem)).map((code) => paint('code', `relocate explain ${code}`)))}`,
      columns,
    );
  if (receipt.run !== null) yield `Back: ${paint('code', `relocate undo ${tree}`)}`;
}

function done({ counts }: Receipt): string {
  const parts = [
    plural(counts.edits, 'edit'),
    `in ${plural(counts.files, 'file')} and ${plural(counts.symlinks, 'link')}`,
  ];
  const removed = counts.removed > 0 ? `; ${plural(counts.removed, 'stale file')} of byte code removed` : '';
  return `${parts.join(' ')}${removed}`;
}

export function* undoneText(undone: Undone, tree: string, style: Style): Generator<string> {
  yield* warnings(undone.warnings, style);
  yield `${style.paint('strong', showBytes(tree))}  ${style.paint('good', `${plural(undone.restored.length, 'path')} as before run ${undone.run}`)}`;
}

export function* recoveryText(recovery: Recovery, tree: string, style: Style): Generator<string> {
  yield* warnings(recovery.warnings, style);
  for (const path of recovery.kept)
    yield style.paint('warn', `left as it is, someone changed it meanwhile: ${showBytes(path)}`);
  yield `${style.paint('strong', showBytes(tree))}  ${RECOVERED[recovery.outcome]}`;
}

const RECOVERED: Readonly<Record<Recovery['outcome'], string>> = {
  nothing: 'no run was cut short; nothing to recover',
  finished: 'the run that was cut short is finished',
  'taken-back': 'the run that was cut short is taken back; the tree is as before it',
};

/** Warnings, one sentence each. */
export function* warnings(sentences: readonly string[], { paint, columns }: Style): Generator<string> {
  for (const sentence of sentences)
    for (const line of wrap(`warning: ${showBytes(sentence)}`, columns)) yield paint('warn', line);
}
