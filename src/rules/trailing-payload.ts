/** RL410: a path in the archive that a single-file program or a self-extracting script carries, or in the text in front of it. */
import { isElf } from '../formats/elf.ts';
import type { Hit } from '../formats/needles.ts';
import { zipOffsets } from '../formats/zip.ts';
import { placesOf } from './native-view.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { isScript } from './shebang-claims.ts';
import { binaryClaim, slotForm } from './slots.ts';

export const rule: FileRule = {
  code: 'RL410',
  summary: "The tree's path in what a single-file program carries behind its code.",
  subject: 'file',
  appliesTo: (view) => isElf(view.head) || isScript(view),
  claim: (view, hits) => (isElf(view.head) ? inProgram(view, hits) : inScript(view, hits)),
};

function* inProgram(view: FileView, hits: readonly Hit[]): Iterable<Claim> {
  const placeOf = placesOf(view);
  if (placeOf === null) return;
  for (const hit of hits) {
    const place = placeOf(hit.start);
    if (place.kind === 'payload')
      yield claim(view, hit, `in ${place.payload.name}: its parts are found by their offsets, and may be summed`);
  }
}

/** makeself and its like find the archive by counting the lines or bytes in front of it. A zip is found from its end (RL107, RL406). */
function* inScript(view: FileView, hits: readonly Hit[]): Iterable<Claim> {
  if (view.isText || hits.length === 0) return;
  if (zipOffsets((start, end) => view.region(start, end), view.size) !== null) return;
  for (const hit of hits)
    yield claim(
      view,
      hit,
      'in a script that an archive follows, which may be found by counting bytes and may be summed',
    );
}

/** Only a path of the same length would do no harm, and only if no checksum covers it: for those who know that, `--unsafe`. */
function claim(view: FileView, hit: Hit, note: string): Claim {
  const base = { ...binaryClaim(view, hit), fix: 'blocked', note } as const;
  if (hit.escaping !== 'plain') return { ...base, applicability: 'manual' };
  return { ...base, applicability: 'unsafe', absolute: slotForm(view, hit, hit.end) };
}
