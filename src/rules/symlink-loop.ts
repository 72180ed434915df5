/** RL305: symlinks that lead round in a circle. */
import type { EntryRule } from './rule.ts';
import { endOf, linkClaim, readLink } from './symlinks.ts';

export const rule: EntryRule = {
  subject: 'entry',
  code: 'RL305',
  summary: 'Symlinks that lead round in a circle.',
  appliesTo: (entry) => entry.type === 'symlink',
  *claim(entry, context) {
    const link = readLink(entry, context);
    if (endOf(entry, link, context) !== 'loop') return;
    if (link.kind === 'absolute-inside')
      yield linkClaim(entry, {
        prefix: link.prefix,
        scope: 'inside',
        fix: 'relative',
        relative: { kind: 'target', target: link.relative },
        note: 'it leads back to itself',
      });
    else yield linkClaim(entry, { prefix: null, scope: 'dangling', fix: 'none', note: 'it leads back to itself' });
  },
};
