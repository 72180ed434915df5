/** A plan for people: every edit with what comes in its place, what follows from it, and what stays as it is. */
import { longestDestination } from '../formats/absolute-form.ts';
import { decodeBytes, encodeBytes, showBytes } from '../formats/byte-text.ts';
import { IS_FAILURE } from '../model/outcome.ts';
import type { Edit, EditForm, FileChange, Plan, Refusal, RefusalReason } from '../model/plan.ts';
import { pythonSentence } from './bundle-text.ts';
import { linesOfItems, type ListStyle } from './item-lines.ts';
import type { Item } from './items.ts';
import type { Meaning, Paint } from './paint.ts';
import { shellWord } from './shell-word.ts';
import type { Style } from './style.ts';
import { warningLines } from './warnings.ts';
import { count, plural, wrap } from './words.ts';

/** The report, line by line, without line ends. */
export function* planText(plan: Plan, style: ListStyle): Generator<string> {
  const { paint } = style;
  yield* warningLines(plan.bundle?.warnings ?? [], style);
  yield `${paint('strong', showBytes(plan.tree))}  ${paint('faint', 'a plan: nothing is changed yet')}`;
  yield '';
  const edits = plan.changes.flatMap((change) => (change.kind === 'remove' ? [] : change.edits));
  yield* linesOfItems(edits.map(editItem), style);
  yield* followers(plan.changes, style);
  for (const python of plan.bundle?.pythons ?? []) yield* wrap(`Comes along: ${pythonSentence(python)}`, style.columns);
  if (plan.refusals.length > 0) {
    if (plan.changes.length > 0) yield '';
    yield paint('heading', 'Stays as it is');
    yield* linesOfItems(plan.refusals.map(refusalItem), style);
  }
  yield '';
  yield* planCounts(plan, style);
  if (plan.changes.length === 0 || plan.bundle !== undefined) return;
  const tree = shellWord(plan.tree);
  yield `Next: ${paint('code', `relocate fix ${tree}`)}  ${paint('faint', `(line by line: relocate fix ${tree} --diff)`)}`;
}

const FORM_MEANING: Readonly<Record<EditForm, Meaning>> = { relative: 'good', placeholder: 'warn', prefix: 'warn' };

function editItem(edit: Edit): Item {
  const { reference, form } = edit;
  return { reference, word: form, meaning: FORM_MEANING[form], isQuiet: false, text: newText(edit), note: '' };
}

/** What comes in its place; of a string in byte code without the type and the length in front (CPython, Python/marshal.c). */
function newText({ reference, replacement }: Edit): string {
  if (reference.site.kind !== 'pyc') return replacement;
  const bytes = encodeBytes(replacement);
  const type = String.fromCharCode((bytes[0] ?? 0) & 0x7f);
  const head = 'zZ'.includes(type) ? 2 : 'aAust'.includes(type) && bytes.includes(0) ? 5 : 0;
  return decodeBytes(bytes.subarray(head));
}

const REASON_MEANING: Readonly<Record<RefusalReason, Meaning>> = {
  'in-place': 'warn',
  'cannot-grow': 'bad',
  'cannot-escape': 'bad',
  blocked: 'bad',
  unsafe: 'bad',
  unwritable: 'bad',
  'other-device': 'bad',
  'opted-out': 'faint',
  outside: 'faint',
  harmless: 'faint',
};

const REASON_WORDS: Readonly<Record<RefusalReason, string>> = {
  'in-place': 'absolute and right already',
  'cannot-grow': 'without room for the path',
  'cannot-escape': 'where the path can not be written',
  blocked: 'blocked',
  unsafe: 'unsafe',
  unwritable: 'not writable',
  'other-device': 'on another device',
  'opted-out': 'opted out',
  outside: 'outside',
  harmless: 'harmless',
};

/** What stays as it is: failures are listed, the rest is counted. */
export function refusalItem({ reference, reason, note }: Refusal): Item {
  return {
    reference,
    word: reason,
    meaning: REASON_MEANING[reason],
    isQuiet: !IS_FAILURE[reason],
    text: reference.path,
    note,
  };
}

/** Files that change because others do. */
function* followers(changes: readonly FileChange[], { paint }: Style): Generator<string> {
  const removed = changes.filter(({ kind }) => kind === 'remove').length;
  const rows = changes.reduce((sum, change) => sum + (change.kind === 'content' ? change.follows.length : 0), 0);
  if (removed > 0) yield paint('faint', `${plural(removed, 'file')} of byte code removed, as the source changes`);
  if (rows > 0) yield paint('faint', `${plural(rows, 'row')} of RECORD files brought up to date`);
}

/** `29 files change: 31 references become relative, 4 are rewritten with the new place`, then what stays. */
function* planCounts(plan: Plan, { paint, columns }: Style): Generator<string> {
  const files = plan.changes.length;
  const whole = paint('strong', `${plural(files, 'file')} ${files === 1 ? 'changes' : 'change'}`);
  yield* wrap(files === 0 ? 'Nothing to change.' : `${whole}: ${editCounts(plan, paint)}`, columns);
  yield* refusalCounts(plan.refusals, { paint, columns });
}

/** `31 references relative, 4 with the new place`. */
export function editCounts({ changes }: Plan, paint: Paint): string {
  const edits = changes.flatMap((change) => (change.kind === 'remove' ? [] : change.edits));
  const parts = (Object.keys(FORM_MEANING) as EditForm[]).flatMap((form) => {
    const number = edits.filter((edit) => edit.form === form).length;
    return number === 0 ? [] : [paint(FORM_MEANING[form], MADE[form](number))];
  });
  return parts.join(', ');
}

const MADE: Readonly<Record<EditForm, (number: number) => string>> = {
  relative: (number) => `${plural(number, 'reference')} relative`,
  prefix: (number) => `${count(number)} rewritten with the place`,
  placeholder: (number) => `${count(number)} made a placeholder`,
};

/** `12 references stay as they are: 2 blocked, 10 harmless`; nothing for none. */
export function* refusalCounts(refusals: readonly Refusal[], { paint, columns }: Style): Generator<string> {
  if (refusals.length === 0) return;
  const parts = (Object.keys(REASON_MEANING) as RefusalReason[]).flatMap((reason) => {
    const number = refusals.filter((refusal) => refusal.reason === reason).length;
    return number === 0 ? [] : [paint(REASON_MEANING[reason], `${count(number)} ${REASON_WORDS[reason]}`)];
  });
  const whole = `${plural(refusals.length, 'reference')} ${refusals.length === 1 ? 'stays as it is' : 'stay as they are'}`;
  yield* wrap(`${whole}: ${parts.join(', ')}`, columns);
  yield* wayOut(refusals, columns);
}

/** What helps where slots have no room for a place. */
function* wayOut(refusals: readonly Refusal[], columns: number): Generator<string> {
  let tightest: { readonly room: number; readonly file: string } | null = null;
  for (const { reason, reference } of refusals) {
    if (reason !== 'cannot-grow' || reference.absolute?.slot === undefined) continue;
    const room = longestDestination(reference.absolute) ?? Infinity;
    if (tightest === null || room < tightest.room) tightest = { room, file: showBytes(reference.file) };
  }
  if (tightest === null) return;
  const fits = `The longest place that fits has ${plural(tightest.room, 'byte')} (limited by ${tightest.file})`;
  yield* wrap(`${fits}; for a longer one make a short link to the tree, and relocate fix --via LINK`, columns);
}
