/** RL301: a symlink whose target is an absolute path into the tree. */
import type { EntryRule } from './rule.ts';
import { endOf, linkClaim, readLink } from './symlinks.ts';

export const rule: EntryRule = {
  subject: 'entry',
  code: 'RL301',
  summary: 'A symlink with an absolute target inside the tree.',
  appliesTo: (entry) => entry.type === 'symlink',
  *claim(entry, context) {
    const link = readLink(entry, context);
    if (link.kind !== 'absolute-inside' || endOf(entry, link, context) !== 'there') return;
    yield linkClaim(entry, {
      prefix: link.prefix,
      scope: 'inside',
      fix: 'relative',
      relative: { kind: 'target', target: link.relative },
      note: '',
    });
  },
};
