/** The items of a scan: each reference with its outcome. */
import { outcomeOf, type Allows, type Outcome } from '../model/outcome.ts';
import type { Reference } from '../model/reference.ts';
import type { Item } from './items.ts';
import type { Meaning } from './paint.ts';

export interface ScanItem extends Item {
  readonly word: Outcome;
}

/** The colour of an outcome. */
export const OUTCOME_MEANING: Readonly<Record<Outcome, Meaning>> = {
  relative: 'good',
  pinned: 'warn',
  blocked: 'bad',
  unsafe: 'bad',
  manual: 'bad',
  unknown: 'bad',
  outside: 'faint',
  dangling: 'faint',
  allowed: 'faint',
  debris: 'faint',
  harmless: 'faint',
};

/** The path; in an archive with the member in front of it. */
function textOf({ site, path }: Reference): string {
  return site.kind === 'member' && site.member !== '' ? `${site.member}: ${path}` : path;
}

export function scanItems(references: readonly Reference[], allows: Allows): ScanItem[] {
  return references.map((reference) => {
    const word = outcomeOf(reference, allows);
    const isOwnWork = word === 'relative' || word === 'pinned';
    return {
      reference,
      word,
      meaning: OUTCOME_MEANING[word],
      isQuiet: word === 'harmless' || word === 'allowed' || word === 'debris',
      text: textOf(reference),
      note: word === 'allowed' ? (allows(reference)?.reason ?? '') : isOwnWork ? '' : reference.note,
    };
  });
}
