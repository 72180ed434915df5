/** RL406: a path in a binary where no rule knows what depends on its bytes. It is left, and the note says what is at stake. */
import { isCounted } from '../formats/cstring.ts';
import type { Hit } from '../formats/needles.ts';
import { objectFile, type ObjectFile } from '../formats/object-file.ts';
import { structuredFormat } from '../formats/structured.ts';
import { pathAt } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { binaryClaim, slotForm } from './slots.ts';
import { surroundingsOf } from './surroundings.ts';

/** Text without a NUL for so far to both sides of a hit is taken for text in a file that is binary elsewhere. */
const TEXT_AROUND = 256;

export const rule: FileRule = {
  code: 'RL406',
  summary: "The tree's path in a binary file, where something may count or sum its bytes.",
  subject: 'file',
  appliesTo: () => true,
  *claim(view, hits) {
    const surroundings = surroundingsOf(view);
    const format = structuredFormat(view.head);
    const object = objectFile(view.head);
    for (const hit of hits) {
      if (surroundings(hit) !== 'binary') continue;
      if (format === null) yield claim(view, hit, riskOf(view, hit, object));
      else
        yield {
          ...binaryClaim(view, hit),
          fix: 'blocked',
          applicability: 'manual',
          note: `in ${format.name}: ${format.risk}`,
        };
    }
  },
};

/** Only a path of the same length would do no harm, and only if no checksum covers it: for those who know that, `--unsafe`. */
function claim(view: FileView, hit: Hit, note: string): Claim {
  const base = { ...binaryClaim(view, hit), fix: 'blocked', note } as const;
  if (hit.escaping !== 'plain') return { ...base, applicability: 'manual' };
  return { ...base, applicability: 'unsafe', absolute: slotForm(view, hit, hit.end) };
}

function riskOf(view: FileView, hit: Hit, object: ObjectFile | null): string {
  const { end } = pathAt(view, hit);
  const from = Math.max(0, hit.start - TEXT_AROUND);
  const around = view.region(from, end + TEXT_AROUND);
  const start = hit.start - from;
  const stop = end - from;
  if (isCounted(around, start, stop - start) || isCounted(around, start, stop - start + 1))
    return 'a number in front says how long the string is';
  if (object !== null && object.imageEnd !== null && hit.start >= object.imageEnd)
    return 'in what was appended to a program: its parts may be found by their offsets';
  if (object !== null) return 'no NUL ends it: the program knows its length';
  if (!around.includes(0)) return 'in text of a file that is binary elsewhere: the rest may be found by its offset';
  return 'a binary of unknown format: something may count or sum its bytes';
}
