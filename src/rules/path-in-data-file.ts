/** RL211: a path in the data of a program, in a format whose own tools alone can change it. Never edited; the note says how to. */
import type { Hit } from '../formats/needles.ts';
import { debrisOfFile } from './build-debris.ts';
import { blocked } from './claims.ts';
import { remedyFor } from './data-remedies.ts';
import { dataFormat, HIDING_STARTS, mayHideStrings } from './data-format.ts';
import { dataHits, type DataHit } from './data-strings.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { serializedByPhp } from './serialized-by-php.ts';
import { binaryClaim } from './slots.ts';

export const rule: FileRule = {
  code: 'RL211',
  summary: "The tree's path in a database, pickle or other data that carry lengths, sums or offsets.",
  subject: 'file',
  appliesTo: () => true,
  // in data, the format shows more than the search
  claimsEachAlone: (view) => dataFormat(view, []) === null,
  isInteresting: mayHideStrings,
  interestingStarts: HIDING_STARTS,
  *claim(view, hits, context) {
    if (debrisOfFile(view.path, context) !== null) return;
    const format = dataFormat(view, hits);
    if (format === null) {
      if (view.isText) yield* phpClaims(view, hits);
      return;
    }
    const remedy = remedyFor(view, format);
    for (const hit of dataHits(view, format, hits, context))
      yield claim(view, hit, `in ${format.name}: ${format.risk}; ${remedy(hit)}`);
  },
};

function claim(view: FileView, hit: DataHit, note: string): Claim {
  const base = binaryClaim(view, hit, hit.stringEnd ?? undefined);
  return { ...base, hit: hit.searched, fix: 'blocked', applicability: 'manual', note };
}

/** In text: what serialize() of PHP made, wherever it stands (a dump of a database, an option in a file). */
function* phpClaims(view: FileView, hits: readonly Hit[]): Generator<Claim> {
  if (hits.length === 0) return;
  const isSerialized = serializedByPhp(view);
  for (const hit of hits) {
    if (!isSerialized(hit)) continue;
    const note =
      'serialized by PHP: a number in front counts the bytes of the string; ' +
      '`wp search-replace` changes it in the database of a WordPress, unserialize() and serialize() anywhere';
    yield blocked(view, hit, { note });
  }
}
