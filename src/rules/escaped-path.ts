/** RL207: a path in text that is escaped (`\/` in JSON, `%2F`, `&amp;`, `\ ` in a shell, a `file:` URL): no plain search finds or fixes it. */
import { pinned } from './claims.ts';
import type { FileRule } from './rule.ts';
import { surroundingsOf } from './surroundings.ts';
import { withEscapings } from './true-escaping.ts';

export const rule: FileRule = {
  code: 'RL207',
  summary: "The tree's path in an escaped spelling, or as the path of a file: URL.",
  subject: 'file',
  readsByteCode: true,
  appliesTo: () => true,
  claimsEachAlone: () => true,
  *claim(view, hits) {
    const surroundings = surroundingsOf(view);
    for (const { hit, escaping } of withEscapings(view, hits)) {
      if (hit.escaping === 'plain' && escaping !== 'percent') continue;
      if (surroundings(hit) !== 'binary') yield pinned(view, hit, { escaping });
    }
  },
};
