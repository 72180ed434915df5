/** RL303: a symlink whose target is missing. */
import type { EntryRule } from './rule.ts';
import { endOf, linkClaim, readLink } from './symlinks.ts';

export const rule: EntryRule = {
  subject: 'entry',
  code: 'RL303',
  summary: 'A symlink whose target is missing.',
  appliesTo: (entry) => entry.type === 'symlink',
  *claim(entry, context) {
    const link = readLink(entry, context);
    if (endOf(entry, link, context) !== 'nowhere' || link.kind === 'escaping') return;
    if (link.kind === 'absolute-inside')
      yield linkClaim(entry, {
        prefix: link.prefix,
        scope: 'dangling',
        fix: 'relative',
        relative: { kind: 'target', target: link.relative },
        note: 'its target is missing from the tree; made relative, it stays broken until the target is there',
      });
    else
      yield linkClaim(entry, { prefix: null, scope: 'dangling', fix: 'none', note: 'its target is missing here too' });
  },
};
