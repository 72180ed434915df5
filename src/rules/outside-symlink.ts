/** RL302: a symlink whose target is an absolute path elsewhere on the host. */
import type { EntryRule } from './rule.ts';
import { bundledLink, endOf, linkClaim, readLink } from './symlinks.ts';

export const rule: EntryRule = {
  subject: 'entry',
  code: 'RL302',
  summary: 'A symlink with an absolute target outside the tree.',
  appliesTo: (entry) => entry.type === 'symlink',
  *claim(entry, context) {
    const link = readLink(entry, context);
    if (link.kind !== 'absolute-outside' || endOf(entry, link, context) !== 'there') return;
    yield linkClaim(entry, {
      prefix: null,
      scope: 'outside',
      ...(bundledLink(entry, context) ?? {
        fix: 'none',
        note: 'a requirement: the target host must have it at the same place',
      }),
    });
  },
};
