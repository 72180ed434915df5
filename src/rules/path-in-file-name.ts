/** RL904: the prefix stands in a path's own name, as in `backup/srv/build/site/etc`. Reported once, at the folder where it ends. */
import { encodeBytes } from '../formats/byte-text.ts';
import { compileNeedles, findHits, type Needles } from '../formats/needles.ts';
import type { Entry } from '../model/entry.ts';
import { baseName } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Claim, EntryRule } from './rule.ts';

const NOTE = 'the name of this entry holds the place; rename it by hand if anything depends on it';

interface Search {
  readonly needles: Needles;
  /** A path without any of these holds no prefix; null where there are none. */
  readonly anchors: readonly string[] | null;
}

const compiled = new WeakMap<readonly Prefix[], Search>();

export const rule: EntryRule = {
  subject: 'entry',
  code: 'RL904',
  summary: "The prefix stands in an entry's own name.",
  appliesTo: () => true,
  // asked of every entry: no generator
  claim(entry, context) {
    const prefix = prefixInName(entry, context.prefixes);
    return prefix === null ? [] : [claimOf(prefix)];
  },
};

function claimOf({ path }: Prefix): Claim {
  return {
    hit: null,
    site: { kind: 'entry' },
    path,
    prefix: path,
    scope: 'inside',
    applicability: 'manual',
    fix: 'blocked',
    note: NOTE,
  };
}

/** Names that end with all of a prefix's names, or one name that holds the prefix in an escaped form (`%2Fsrv%2Fbuild`). */
function prefixInName(entry: Entry, prefixes: readonly Prefix[]): Prefix | null {
  let search = compiled.get(prefixes);
  if (search === undefined) compiled.set(prefixes, (search = searchOf(prefixes)));
  // most paths hold no part of a prefix: no name is cut out of them, or becomes bytes
  if (search.anchors !== null && !holdsAny(entry.path, search.anchors)) return null;
  const nested = prefixes.find(({ path }) => entry.path.endsWith(path) || entry.path === path.slice(1));
  return nested ?? findHits(encodeBytes(baseName(entry.path)), search.needles)[0]?.prefix ?? null;
}

function holdsAny(path: string, anchors: readonly string[]): boolean {
  for (const anchor of anchors) if (path.includes(anchor)) return true;
  return false;
}

function searchOf(prefixes: readonly Prefix[]): Search {
  const needles = compileNeedles(prefixes);
  // no name has a NUL, as the anchors of wide text do
  const anchors = needles.anchors
    ?.map((anchor) => anchor.toString('latin1'))
    .filter((anchor) => !anchor.includes('\0'));
  return { needles, anchors: anchors ?? null };
}
