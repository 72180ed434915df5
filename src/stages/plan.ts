/** plan: from a scan to edits and refusals. Pure: no disk is touched, the same scan and strategy give the same plan. */
import { writeAbsolute, type Written } from '../formats/absolute-form.ts';
import { compareBytes } from '../formats/byte-text.ts';
import { isBundled } from '../model/bundle.ts';
import { joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import {
  PLACEHOLDER,
  type Edit,
  type FileChange,
  type Plan,
  type Refusal,
  type RefusalReason,
  type Relocation,
} from '../model/plan.ts';
import type { PrefixSource } from '../model/prefix.ts';
import type { Reference } from '../model/reference.ts';
import type { Allowance, FileFacts, Scan } from '../model/scan.ts';
import { compileAllowances } from './allowances.ts';
import { contentChange, retargetChange, withDependents } from './file-changes.ts';
import { selectPaths } from './selection.ts';

export interface Strategy {
  /** Where what stays absolute shall point: a place, `'placeholder'` for a template; by default where the tree stands now. */
  readonly to?: AbsolutePath | 'placeholder';
  /** A short link to that place, for slots of fixed size; by default the one that the tree has. See `requireVia`. */
  readonly via?: AbsolutePath;
  /** Codes, names, or globs of files: only these references are changed. */
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  /** Change what is marked unsafe too. */
  readonly unsafe?: boolean;
  readonly allowances?: readonly Allowance[];
}

/** Prefixes that are the tree where it stands. */
const HERE: ReadonlySet<PrefixSource> = new Set(['tree', 'real', 'via']);

/** What a reference comes to, before the edits of one file are put together. */
export type Decision = { readonly edit: Edit; readonly writes: Writes } | { readonly refusal: Refusal };

/** `relative` as the reference says; `destination`: its absolute form with this path in it. */
export type Writes = { readonly kind: 'relative' } | { readonly kind: 'absolute'; readonly destination: string };

/**
 * Decides for every reference of a scan: one edit, or one refusal with its reason.
 * @example plan(await scan('/srv/site'), { to: 'placeholder' })
 */
export function plan(scan: Scan, strategy: Strategy = {}): Plan {
  const planFile = filePlanner(scan, strategy);
  const factsOf = new Map(scan.files.map((facts) => [facts.file, facts]));
  const refusals: Refusal[] = [];
  const changes = new Map<TreePath, FileChange>();
  for (const [file, references] of groupByFile(scan.references)) {
    const planned = planFile(references, factsOf.get(file));
    // not spread: a log may hold more references than a call takes arguments
    for (const refusal of planned.refusals) refusals.push(refusal);
    if (planned.change !== null) changes.set(file, planned.change);
  }
  withDependents(changes, scan.dependents, factsOf);
  const remaining = settleRemoved(changes, refusals);
  const sorted = [...changes.values()].sort((a, b) => compareBytes(a.file, b.file));
  const comesAlong = ({ file }: FileChange): boolean => isBundled(file, scan.bundle);
  return {
    version: 1,
    tree: scan.tree,
    relocations: relocations(scan, strategy),
    via: linkOf(scan, strategy),
    changes: scan.bundle === undefined ? sorted : sorted.filter((change) => !comesAlong(change)),
    refusals: remaining,
    ...(scan.bundle === undefined ? {} : { bundle: { ...scan.bundle, changes: sorted.filter(comesAlong) } }),
  };
}

/** What a plan may know of the tree beside the file at hand. */
export type PlannedTree = Pick<Scan, 'tree' | 'prefixes'>;

/** What becomes of one file. */
export interface FilePlan {
  readonly change: FileChange | null;
  readonly refusals: readonly Refusal[];
}

/** Decides for the references of a file, in their order; what follows from changes of other files is not yet in it. */
export function filePlanner(
  tree: PlannedTree,
  strategy: Strategy,
): (references: readonly Reference[], facts: FileFacts | undefined) => FilePlan {
  const decide = decider(tree, strategy);
  return (references, facts) => {
    const refusals: Refusal[] = [];
    const edits: Extract<Decision, { edit: Edit }>[] = [];
    for (const reference of references) {
      const decision = decide(reference, facts);
      if ('refusal' in decision) refusals.push(decision.refusal);
      else edits.push(decision);
    }
    if (edits.length === 0 || facts === undefined) return { change: null, refusals };
    const assembled = edits.some(({ edit }) => edit.reference.site.kind === 'symlink')
      ? retargetChange(facts, edits)
      : contentChange(facts, edits);
    for (const refusal of assembled.refusals) refusals.push(refusal);
    return { change: assembled.change, refusals };
  };
}

/** A refused reference in a file that is removed goes with the file: it counts as an edit. Returns the other refusals. */
function settleRemoved(changes: Map<TreePath, FileChange>, refusals: readonly Refusal[]): Refusal[] {
  const isRemoved = ({ reference }: Refusal): boolean => changes.get(reference.file)?.kind === 'remove';
  const gone = groupByFile(refusals.filter(isRemoved).map(({ reference }) => reference));
  for (const [file, references] of gone) {
    const change = changes.get(file);
    const edits = references.map((reference): Edit => ({ reference, form: 'relative', replacement: '' }));
    if (change !== undefined) changes.set(file, { ...change, edits: [...change.edits, ...edits] });
  }
  return refusals.filter((refusal) => !isRemoved(refusal));
}

function relocations(scan: Scan, { to }: Strategy): Relocation[] {
  const destination = to === 'placeholder' ? null : (to ?? scan.tree);
  return scan.prefixes.map(({ path, base }) => ({ from: path, base, to: destination }));
}

/** The link that fixed slots name: the one that is given, or the one that the tree has and that leads to it. */
function linkOf({ prefixes }: PlannedTree, { to, via }: Strategy): AbsolutePath | null {
  if (to === 'placeholder') return null;
  return via ?? prefixes.find(({ source }) => source === 'via')?.path ?? null;
}

function groupByFile(references: readonly Reference[]): Map<TreePath, Reference[]> {
  const groups = new Map<TreePath, Reference[]>();
  for (const reference of references) {
    const group = groups.get(reference.file);
    if (group === undefined) groups.set(reference.file, [reference]);
    else group.push(reference);
  }
  return groups;
}

function decider(
  tree: PlannedTree,
  strategy: Strategy,
): (reference: Reference, facts: FileFacts | undefined) => Decision {
  const allows = compileAllowances(strategy.allowances ?? []);
  const isSelected = selector(strategy);
  return (reference, facts) => {
    const refuse = (reason: RefusalReason, note: string): Decision => ({ refusal: { reference, reason, note } });
    if (reference.fix === 'none') return refuse(reference.scope === 'outside' ? 'outside' : 'harmless', reference.note);
    const allowance = allows(reference);
    if (allowance !== null) return refuse('opted-out', allowance.reason);
    if (!isSelected(reference)) return refuse('opted-out', 'left out by --only or --except');
    if (facts?.obstacle === 'unwritable') return refuse('unwritable', 'its folder can not be written to');
    if (facts?.obstacle === 'other-device')
      return refuse('other-device', 'it lies on another file system, beyond a mount point of the tree');
    if (reference.fix === 'blocked') return unblocked(reference, tree, strategy) ?? refuse('blocked', reference.note);
    if (reference.applicability !== 'safe' && strategy.unsafe !== true)
      return refuse('unsafe', reference.note || '--unsafe changes it all the same');
    if (reference.fix === 'relative' && reference.relative !== undefined)
      return relativeEdit(reference, reference.relative);
    return absoluteEdit(reference, tree, strategy);
  };
}

function selector({ only, except }: Strategy): (reference: Reference) => boolean {
  const matches = (terms: readonly string[]): ((reference: Reference) => boolean) => {
    const globs = terms.filter((term) => !/^RL\d{3}$/.test(term) && !/^[a-z]+(-[a-z0-9]+)*$/.test(term));
    const selects = selectPaths(globs);
    return ({ code, rule, file }) => terms.includes(code) || terms.includes(rule) || selects(file) !== null;
  };
  const isNamed = only === undefined || only.length === 0 ? () => true : matches(only);
  const isExcepted = matches(except ?? []);
  return (reference) => isNamed(reference) && !isExcepted(reference);
}

/** A blocked site may take a path of the same length, when the user accepts the risk. */
function unblocked(reference: Reference, tree: PlannedTree, strategy: Strategy): Decision | null {
  if (strategy.unsafe !== true || reference.absolute === undefined || reference.applicability === 'manual') return null;
  if (strategy.to === 'placeholder') return null;
  return absoluteEdit(reference, tree, strategy);
}

function relativeEdit(reference: Reference, relative: NonNullable<Reference['relative']>): Decision {
  const replacement =
    relative.kind === 'target'
      ? relative.target
      : (relative.text ?? relative.splices.map(({ text }) => text).join(' … '));
  return { edit: { reference, form: 'relative', replacement }, writes: { kind: 'relative' } };
}

function absoluteEdit(reference: Reference, tree: PlannedTree, strategy: Strategy): Decision {
  const { absolute } = reference;
  if (absolute === undefined) return { refusal: { reference, reason: 'blocked', note: reference.note } };
  if (isInPlace(reference, tree, strategy))
    return { refusal: { reference, reason: 'in-place', note: 'absolute, and the place it says is right already' } };
  const template = strategy.to === 'placeholder';
  const place = template ? PLACEHOLDER : (strategy.to ?? tree.tree);
  const destination = absolute.slot === undefined ? place : (linkOf(tree, strategy) ?? place);
  // a slot keeps the build's path until install writes the destination into it
  if (template && absolute.slot !== undefined)
    return {
      edit: { reference, form: 'placeholder', replacement: PLACEHOLDER },
      writes: { kind: 'absolute', destination },
    };
  const written = writeAbsolute(absolute, destination);
  if (!written.ok) return { refusal: { reference, ...whyNot(written) } };
  return {
    edit: { reference, form: template ? 'placeholder' : 'prefix', replacement: written.text },
    writes: { kind: 'absolute', destination },
  };
}

function whyNot({ why, room, needed }: Extract<Written, { ok: false }>): Pick<Refusal, 'reason' | 'note'> {
  if (why === 'cannot-grow') return { reason: why, note: `there is room for ${room} bytes and ${needed} are needed` };
  return { reason: 'cannot-escape', note: 'the way it is written here can not hold a character of the new path' };
}

/** Whether the reference says the place already that it shall say: the one asked for, or where the tree stands now. */
function isInPlace({ prefix, absolute }: Reference, tree: PlannedTree, { to, via }: Strategy): boolean {
  if (prefix === null || to === 'placeholder') return false;
  const here = tree.prefixes.filter(({ source }) => HERE.has(source)).map(({ path }) => path);
  const places = to === undefined ? here : [to];
  return (via !== undefined && absolute?.slot !== undefined ? [via] : places).some(
    (place) => joinAbsolute(place, absolute?.base ?? '') === prefix,
  );
}
