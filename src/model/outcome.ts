/** What a reference comes to, in one word: for people, for counts and for exit codes. */
import type { RefusalReason } from './plan.ts';
import type { PlainReference } from './reference.ts';
import type { Allowance } from './scan.ts';

/**
 * `relative`, `pinned`, `blocked` as in Fix, for what `fix` would do by default; `unsafe` it could, but only with `--unsafe`;
 * `manual` a person must; `outside` a requirement of the host; `dangling` a link to nothing; `harmless` nothing depends on it;
 * `debris` of a build, which nothing but another build there reads; `unknown` it could not be read, so nobody can tell; `allowed` by the configuration.
 */
export type Outcome =
  | 'relative'
  | 'pinned'
  | 'blocked'
  | 'unsafe'
  | 'manual'
  | 'unknown'
  | 'outside'
  | 'dangling'
  | 'allowed'
  | 'debris'
  | 'harmless';

/** Every outcome, in the order of reports; true where it ties the tree to its place. */
const TIES: Readonly<Record<Outcome, boolean>> = {
  relative: true,
  pinned: true,
  blocked: true,
  unsafe: true,
  manual: true,
  unknown: true,
  outside: false,
  dangling: false,
  allowed: false,
  debris: false,
  harmless: false,
};

export const OUTCOMES: readonly Outcome[] = Object.keys(TIES) as Outcome[];

/** Finds the `[[allow]]` that accepts a reference; null where none does. */
export type Allows = (reference: PlainReference) => Allowance | null;

/** What `fix` would make of a reference. */
export function outcomeOf(reference: PlainReference, allows: Allows): Outcome {
  return outcomeIf(reference, () => allows(reference) !== null);
}

/** The same where the allowances were asked before. */
export function outcomeIf(reference: PlainReference, isAllowed: () => boolean): Outcome {
  if (reference.fix === 'none') {
    if (reference.scope === 'dangling') return 'dangling';
    if (reference.code === 'RL212') return 'debris';
    return reference.scope === 'inside' ? 'harmless' : 'outside';
  }
  if (isAllowed()) return 'allowed';
  if (isUnread(reference)) return 'unknown';
  if (reference.fix === 'blocked' || reference.applicability === 'safe') return reference.fix;
  return reference.applicability;
}

/** What could not be read, or changed meanwhile, or is in an archive that was not looked into. */
function isUnread({ code, site }: PlainReference): boolean {
  return code === 'RL901' || code === 'RL902' || (code === 'RL905' && site.kind === 'entry');
}

/** Whether a reference ties the tree to its place: then the answer of `scan` is no (exit code 1). */
export function isFinding(reference: PlainReference, allows: Allows): boolean {
  return isTie(outcomeOf(reference, allows));
}

/** Whether what comes to this ties the tree to its place. */
export function isTie(outcome: Outcome): boolean {
  return TIES[outcome];
}

/**
 * Whether `fix` failed at what it was asked for: then its answer is no (exit code 1). What is absolute and true where the tree
 * stands is no failure, nor what the user opted out of.
 */
export const IS_FAILURE: Readonly<Record<RefusalReason, boolean>> = {
  'in-place': false,
  'cannot-grow': true,
  'cannot-escape': true,
  blocked: true,
  outside: false,
  harmless: false,
  unsafe: true,
  'opted-out': false,
  unwritable: true,
  'other-device': true,
};
