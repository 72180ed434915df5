/** RL405: a path in a NUL-terminated string of a program, library or object file. It may be replaced by a path that is not longer. */
import { cStringAround, isCounted, type CString } from '../formats/cstring.ts';
import { trueEscaping } from '../formats/context.ts';
import type { Hit } from '../formats/needles.ts';
import { objectFile, type ObjectFile } from '../formats/object-file.ts';
import { pathAt } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { binaryClaim, slotForm } from './slots.ts';

/** The longest string that is looked at, to both sides of a hit. */
const LONGEST = 64 * 1024;

export const rule: FileRule = {
  code: 'RL405',
  summary: "The tree's path in a C string of a program or library: a path that is not longer fits in its place.",
  subject: 'file',
  appliesTo: ({ head }) => objectFile(head) !== null,
  *claim(view, hits) {
    const object = objectFile(view.head);
    if (object === null) return;
    for (const hit of hits) {
      if (hit.escaping !== 'plain' || (object.imageEnd !== null && hit.start >= object.imageEnd)) continue;
      const string = stringOf(view, hit);
      if (string !== null) yield claim(view, hit, string, object);
    }
  },
};

/** The C string around a hit; null where no NUL ends it, or a number in front says how long it is (RL406). */
function stringOf(view: FileView, hit: Hit): CString | null {
  const from = Math.max(0, hit.start - LONGEST);
  const bytes = view.region(from, hit.end + LONGEST);
  const string = cStringAround(bytes, hit.start - from, hit.end - from);
  if (string === null) return null;
  const ends = [string.end, string.end + 1, pathAt(view, hit).end - from];
  const starts = [string.start, hit.start - from];
  if (starts.some((start) => ends.some((end) => isCounted(bytes, start, end - start)))) return null;
  return { start: string.start + from, end: string.end + from };
}

function claim(view: FileView, hit: Hit, { end }: CString, { isSigned }: ObjectFile): Claim {
  const before = view.region(hit.start - 64, hit.start).toString('latin1');
  const escaping = trueEscaping(view.region(hit.start, hit.end), hit.prefix.path, hit.escaping, 'plain', before);
  return {
    ...binaryClaim(view, hit, end),
    fix: 'pinned',
    applicability: hit.ambiguous || isSigned ? 'unsafe' : 'safe',
    note: isSigned ? 'the file is signed: after an edit it must be signed again' : '',
    absolute: slotForm(view, hit, end, escaping),
  };
}
