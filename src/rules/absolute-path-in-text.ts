/** RL201: a path in text that no other rule understands. */
import type { Hit } from '../formats/needles.ts';
import { absoluteForm, blocked, pinned } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { withEscapings } from './true-escaping.ts';

export const rule: FileRule = {
  code: 'RL201',
  summary: "The tree's path in a text that has no way to say it relative to itself.",
  subject: 'file',
  appliesTo: () => true,
  *claim(view, hits) {
    for (const { hit, escaping } of withEscapings(view, hits)) {
      const counted = countBefore(view, hit);
      yield counted === null ? pinned(view, hit, { escaping }) : countedClaim(view, hit, counted);
    }
  },
};

/** PHP's serialize() writes the length in bytes before a string: `s:9:"/srv/site"` (the quotes may be escaped themselves). */
const SERIALIZED = /s:(\d{1,9}):\\{0,3}"[^"]{0,64}$/;

function countBefore(view: FileView, hit: Hit): string | null {
  const before = view.region(hit.start - 80, hit.start).toString('latin1');
  return SERIALIZED.exec(before)?.[1] ?? null;
}

function countedClaim(view: FileView, hit: Hit, count: string): Claim {
  const note = `serialized by PHP: the ${count} in front counts the bytes of the string, so only a path of the same length fits`;
  return {
    ...blocked(view, hit, { note }),
    applicability: 'unsafe',
    absolute: { ...absoluteForm(hit), slot: { slotEnd: hit.end, padding: 'slash', tail: '' } },
  };
}
