/** Puts the edits of one file together: splices that do not overlap, sites to render, and the files that follow. Pure. */
import { writeAbsolute } from '../formats/absolute-form.ts';
import { encodeBytes } from '../formats/byte-text.ts';
import { rowsByRecord, type RecordRow } from '../formats/follows.ts';
import { offsetShift } from '../formats/offset-shift.ts';
import type { TreePath } from '../model/path.ts';
import {
  PLACEHOLDER,
  PLACEHOLDER_PREFIX,
  type Edit,
  type FileChange,
  type Refusal,
  type RenderSite,
} from '../model/plan.ts';
import type { AbsoluteForm, Reference, Splice } from '../model/reference.ts';
import type { Dependent, FileFacts } from '../model/scan.ts';
import type { Sealed } from '../model/seal.ts';
import type { Writes } from './plan.ts';

/** An edit that was decided on, and what it writes. */
export interface DecidedEdit {
  readonly edit: Edit;
  readonly writes: Writes;
}

export interface Assembled {
  /** Null where nothing is left to change. */
  readonly change: FileChange | null;
  readonly refusals: readonly Refusal[];
}

/** Of what is not signed. */
const UNSEALED: Sealed = { seals: [], edits: [] };

/** The change of a symlink: it has one target, so the last edit counts (there is one). */
export function retargetChange(facts: FileFacts, edits: readonly DecidedEdit[]): Assembled {
  const target = edits
    .flatMap(({ edit: { reference } }) => (reference.relative?.kind === 'target' ? [reference.relative.target] : []))
    .at(-1);
  if (target === undefined) return { change: null, refusals: edits.map(({ edit }) => overlapRefusal(edit)) };
  return { change: { ...common(facts, edits), kind: 'retarget', target }, refusals: [] };
}

/** The change of a file's bytes. Edits whose splices would overlap others' are refused, the earlier one stays. */
export function contentChange(facts: FileFacts, edits: readonly DecidedEdit[]): Assembled {
  const { kept, dropped } = withoutOverlaps(edits);
  const refusals = dropped.map(({ edit }) => overlapRefusal(edit));
  if (kept.length === 0) return { change: null, refusals };
  const { seals, edits: signing } = facts.sealed ?? UNSEALED;
  const splices = mergeSplices(kept, signing);
  const renders = renderSites(kept, splices);
  // not spread: there may be one for each file, and objects made by spreading have each a layout of its own
  const { file, aliases, before, edits: made } = common(facts, kept);
  return {
    refusals,
    change: { file, aliases, before, edits: made, kind: 'content', splices, follows: [], renders, seals },
  };
}

/**
 * Adds what must follow: byte code of changed sources goes, and the rows of a RECORD that name changed or removed files get
 * their new digests and sizes (their row goes with the file).
 */
export function withDependents(
  changes: Map<TreePath, FileChange>,
  dependents: readonly Dependent[],
  factsOf: ReadonlyMap<TreePath, FileFacts>,
): void {
  const changed = new Set(
    [...changes.values()].flatMap((change) => (isRewritten(change) ? [change.file, ...change.aliases] : [])),
  );
  for (const { kind, file, of } of dependents) {
    const facts = factsOf.get(file);
    if (kind !== 'byte-code' || !changed.has(of) || facts === undefined) continue;
    const edits = changes.get(file)?.edits ?? [];
    changes.set(file, {
      file,
      aliases: facts.aliases,
      before: facts.digest,
      edits,
      kind: 'remove',
      reason: `byte code of ${of}, which changes`,
    });
    changed.add(file);
  }
  for (const [file, follows] of rowsToFollow(changes, dependents, changed)) {
    const facts = factsOf.get(file);
    if (facts === undefined) continue;
    changes.set(file, withRows(changes.get(file) ?? null, facts, follows));
  }
}

/** The change of a RECORD with the rows that follow other files. */
export function withRows(change: FileChange | null, facts: FileFacts, follows: readonly RecordRow[]): FileChange {
  const content =
    change?.kind === 'content'
      ? change
      : { ...common(facts, []), kind: 'content' as const, splices: [], renders: [], seals: [] };
  return { ...content, follows };
}

/** The rows of each RECORD that name changed files. */
function rowsToFollow(
  changes: ReadonlyMap<TreePath, FileChange>,
  dependents: readonly Dependent[],
  changed: ReadonlySet<TreePath>,
): Map<TreePath, RecordRow[]> {
  return rowsByRecord(dependents.filter((row) => isStored(row.of, changes, changed)));
}

/** Whether the bytes of a file as they are stored in the tree will be others (what is only rendered later counts too). */
export function isRewritten(change: FileChange): boolean {
  return change.kind === 'remove' || (change.kind === 'content' && change.splices.length > 0);
}

function isStored(of: TreePath, changes: ReadonlyMap<TreePath, FileChange>, changed: ReadonlySet<TreePath>): boolean {
  return changed.has(of) || changes.get(of)?.kind === 'remove';
}

function common(
  facts: FileFacts,
  edits: readonly DecidedEdit[],
): Pick<FileChange, 'file' | 'aliases' | 'before' | 'edits'> {
  return { file: facts.file, aliases: facts.aliases, before: facts.digest, edits: edits.map(({ edit }) => edit) };
}

function overlapRefusal({ reference }: Edit): Refusal {
  return { reference, reason: 'blocked', note: 'its edit would overlap that of another reference' };
}

function splicesOf({ edit: { reference }, writes }: DecidedEdit): readonly Splice[] {
  if (writes.kind === 'relative') return reference.relative?.kind === 'splices' ? reference.relative.splices : [];
  const { absolute } = reference;
  if (absolute === undefined || (writes.destination === PLACEHOLDER && keepsBytes(reference))) return [];
  const written = writeAbsolute(absolute, writes.destination);
  return written.ok ? written.splices : [];
}

function withoutOverlaps(edits: readonly DecidedEdit[]): { kept: DecidedEdit[]; dropped: DecidedEdit[] } {
  const owned = edits.flatMap((edit, owner) => splicesOf(edit).map((splice) => ({ splice, owner })));
  owned.sort((a, b) => a.splice.start - b.splice.start || a.splice.end - b.splice.end || a.owner - b.owner);
  const bad = new Set<number>();
  let last: { readonly splice: Splice; readonly owner: number } | null = null;
  for (const next of owned) {
    if (bad.has(next.owner)) continue;
    if (last !== null && clash(last.splice, next.splice)) bad.add(next.owner);
    else last = next;
  }
  return { kept: edits.filter((_, owner) => !bad.has(owner)), dropped: edits.filter((_, owner) => bad.has(owner)) };
}

/** Two splices in order clash where they overlap, or insert different texts at one place; the same splice twice is one splice. */
function clash(first: Splice, second: Splice): boolean {
  if (isSame(first, second)) return false;
  return second.start < first.end || (first.start === second.start && first.end === second.end);
}

function isSame(first: Splice, second: Splice): boolean {
  return first.start === second.start && first.end === second.end && first.text === second.text;
}

function mergeSplices(edits: readonly DecidedEdit[], besides: readonly Splice[]): Splice[] {
  const all = [...edits.flatMap(splicesOf), ...besides].sort((a, b) => a.start - b.start || a.end - b.end);
  return all.filter((splice, i) => {
    const before = all[i - 1];
    return before === undefined || !isSame(before, splice);
  });
}

/** The sites that hold a placeholder (or, in a slot, the old prefix) in the new bytes, with offsets in the new bytes, sorted. */
function renderSites(edits: readonly DecidedEdit[], splices: readonly Splice[]): RenderSite[] {
  // most plans make no template
  if (!edits.some(({ writes }) => isTemplate(writes))) return [];
  const shift = offsetShift(splices);
  const sites = edits.flatMap(({ edit: { reference }, writes }) => {
    if (!isTemplate(writes) || reference.absolute === undefined) return [];
    return [keepsBytes(reference) ? keptSite(reference.absolute, shift) : renderSite(reference.absolute, shift)];
  });
  return sites.sort((a, b) => a.start - b.start);
}

function isTemplate(writes: Writes): boolean {
  return writes.kind === 'absolute' && writes.destination === PLACEHOLDER;
}

/** Whether a site is rendered from the bytes it has: a slot keeps the old prefix, and a template holds the placeholder already. */
function keepsBytes({ absolute, prefix }: Reference): boolean {
  return absolute?.slot !== undefined || prefix === PLACEHOLDER_PREFIX;
}

function keptSite(form: AbsoluteForm, shift: (offset: number) => number): RenderSite {
  const { slot, length, ...rest } = form;
  return {
    ...rest,
    start: shift(form.start),
    end: shift(form.end),
    ...(slot === undefined ? {} : { slot: { ...slot, slotEnd: shift(slot.slotEnd) } }),
    ...(length === undefined ? {} : { length: { ...length, at: shift(length.at) } }),
  };
}

function renderSite(form: AbsoluteForm, shift: (offset: number) => number): RenderSite {
  const { slot: _, length, ...rest } = form;
  const written = writeAbsolute(form, PLACEHOLDER);
  const size = written.ok ? encodeBytes(written.text).length : 0;
  const start = shift(form.start);
  const counted =
    length === undefined
      ? {}
      : {
          length: {
            ...length,
            at: shift(length.at),
            value: length.value + (size - (form.end - form.start)) * length.paths,
          },
        };
  return { ...rest, start, end: start + size, ...counted };
}
