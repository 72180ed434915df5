/** RL201: a path in text that no other rule understands. */
import { pinned } from './claims.ts';
import type { FileRule } from './rule.ts';
import { withEscapings } from './true-escaping.ts';

export const rule: FileRule = {
  code: 'RL201',
  summary: "The tree's path in a text that has no way to say it relative to itself.",
  subject: 'file',
  readsByteCode: true,
  appliesTo: () => true,
  claimsEachAlone: () => true,
  *claim(view, hits) {
    for (const { hit, escaping } of withEscapings(view, hits)) yield pinned(view, hit, { escaping });
  },
};
