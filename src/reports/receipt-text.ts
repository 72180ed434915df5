/** What fix, undo and recover did, for people. */
import { showBytes } from '../formats/byte-text.ts';
import { IS_FAILURE } from '../model/outcome.ts';
import type { InstallRecovery } from '../model/install.ts';
import type { Plan } from '../model/plan.ts';
import type { Receipt, Recovery, Undone } from '../model/receipt.ts';
import { pythonSentence } from './bundle-text.ts';
import { linesOfItems, type ListStyle } from './item-lines.ts';
import { codesOf } from './items.ts';
import { editCounts, refusalCounts, refusalItem } from './plan-text.ts';
import type { Paint } from './paint.ts';
import { shellWord } from './shell-word.ts';
import type { Style } from './style.ts';
import { warningLines } from './warnings.ts';
import { list, plural, wrap } from './words.ts';

/** What `fix` did: the counts, then what it could not do with the reason, then what to know. */
export function* receiptText(receipt: Receipt, plan: Plan, style: ListStyle): Generator<string> {
  const { paint, columns } = style;
  yield* warningLines(receipt.warnings, style);
  const failures = plan.refusals.filter(({ reason }) => IS_FAILURE[reason]);
  yield* linesOfItems(failures.map(refusalItem), style);
  if (failures.length > 0) yield '';
  const name = paint('strong', showBytes(receipt.tree));
  yield* wrap(`${name}  ${outcome(receipt, plan, paint)}`, columns);
  for (const python of plan.bundle?.pythons ?? []) yield* wrap(`Came along: ${pythonSentence(python)}`, columns);
  yield* refusalCounts(plan.refusals, style);
  if (plan.refusals.some(({ reason }) => reason === 'in-place'))
    yield* wrap(
      `What is absolute has no relative form: after a move, ${paint('code', 'relocate fix')} writes the new place.`,
      columns,
    );
  if (failures.length > 0) {
    const pages = codesOf(failures.map(refusalItem)).map((code) => paint('code', `relocate explain ${code}`));
    yield* wrap(`Why, and what would help: ${list(pages)}`, columns);
  }
  if (receipt.run !== null) yield `Back: ${paint('code', `relocate undo ${shellWord(receipt.tree)}`)}`;
}

function outcome(receipt: Receipt, plan: Plan, paint: Paint): string {
  if (receipt.run === null) return 'nothing to change';
  const what = changed(receipt);
  if (what === '') return 'nothing to change; where it stands is noted for the next fix';
  return `fixed: ${editCounts(plan, paint)} (${what})`;
}

/** `29 files, 2 links, 3 files of stale byte code removed`. */
function changed({ counts: { files, symlinks, removed } }: Receipt): string {
  const parts: readonly (readonly [number, string])[] = [
    [files, plural(files, 'file')],
    [symlinks, plural(symlinks, 'link')],
    [removed, `${plural(removed, 'file')} of stale byte code removed`],
  ];
  return list(parts.flatMap(([number, text]) => (number > 0 ? [text] : [])));
}

export function* undoneText(undone: Undone, tree: string, style: Style): Generator<string> {
  yield* warningLines(undone.warnings, style);
  yield `${style.paint('strong', showBytes(tree))}  ${style.paint('good', `${plural(undone.restored.length, 'path')} as before run ${undone.run}`)}`;
}

/** What became of a run, or of an install, that was cut short. */
export function* recoveryText(recovery: Recovery | InstallRecovery, tree: string, style: Style): Generator<string> {
  if ('warnings' in recovery) {
    yield* warningLines(recovery.warnings, style);
    for (const path of recovery.kept)
      yield style.paint('warn', `left as it is, someone changed it meanwhile: ${showBytes(path)}`);
  }
  yield `${style.paint('strong', showBytes(tree))}  ${'run' in recovery ? RUN_ENDED[recovery.outcome] : INSTALL_ENDED[recovery.outcome]}`;
}

const RUN_ENDED: Readonly<Record<Recovery['outcome'], string>> = {
  nothing: 'no run was cut short; nothing to recover',
  finished: 'the run that was cut short is finished',
  'taken-back': 'the run that was cut short is taken back; the tree is as before it',
};

const INSTALL_ENDED: Readonly<Record<InstallRecovery['outcome'], string>> = {
  nothing: 'no install was cut short; nothing to recover',
  finished: 'the install that was cut short is finished; the new tree is in its place',
  'taken-back': 'the install that was cut short is taken back; what was there before is',
};
