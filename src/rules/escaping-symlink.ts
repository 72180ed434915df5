/** RL304: a relative symlink that leaves the tree: legal where it stands, broken (or leading elsewhere) after a move. */
import type { EntryRule } from './rule.ts';
import { bundledLink, linkClaim, readLink } from './symlinks.ts';

export const rule: EntryRule = {
  subject: 'entry',
  code: 'RL304',
  summary: 'A relative symlink that leaves the tree.',
  appliesTo: (entry) => entry.type === 'symlink',
  *claim(entry, context) {
    if (readLink(entry, context).kind !== 'escaping') return;
    const isThere = context.resolvedTypeOf(entry.path) !== null;
    yield linkClaim(entry, {
      prefix: null,
      scope: isThere ? 'outside' : 'dangling',
      ...(bundledLink(entry, context) ?? {
        fix: 'none',
        note: isThere ? 'after a move it leads to another place' : 'it leaves the tree and its target is missing',
      }),
    });
  },
};
