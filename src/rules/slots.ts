/** Claims on hits in binaries: what can be written there never changes the length of anything. */
import { pathGoesOnAt } from '../formats/boundary.ts';
import { escapePath, unescapePath } from '../formats/escaping.ts';
import { decodeBytes } from '../formats/byte-text.ts';
import type { Hit } from '../formats/needles.ts';
import type { AbsoluteForm, Escaping } from '../model/reference.ts';
import { pathAt } from './claims.ts';
import type { Claim, FileView } from './rule.ts';

/**
 * A slot at a hit: the prefix may become shorter, `/` fills up. `slotEnd` is where the string ends, or the end of the prefix where
 * nothing ends it. (See bytes.md, C strings: the tail keeps its place, and whoever counts the bytes counts the same.)
 */
export function slotForm(view: FileView, hit: Hit, slotEnd: number, escaping: Escaping = hit.escaping): AbsoluteForm {
  const end = hit.end + fillingBehind(view, hit);
  const last = Math.max(end, slotEnd);
  const tail = decodeBytes(view.region(end, last));
  return { start: hit.start, end, escaping, base: hit.prefix.base, slot: { slotEnd: last, padding: 'slash', tail } };
}

/** The longest filling that is looked for. */
const LONGEST = 4096;

/** The bytes of `/` with which an earlier move filled up: all that end the path, all but one of those before a name. */
function fillingBehind(view: FileView, hit: Hit): number {
  const slash = escapePath('/', hit.escaping);
  const bytes = view.region(hit.end, hit.end + LONGEST);
  if (slash === null) return 0;
  let end = 0;
  while (bytes.subarray(end, end + slash.length).equals(slash)) end += slash.length;
  if (end === 0) return 0;
  if (end > slash.length && pathGoesOnAt(bytes, end, hit.escaping) === 0) return end;
  return end - slash.length;
}

/** What claims on a hit in a binary have in common. `capacity` runs to `slotEnd`. */
export function binaryClaim(view: FileView, hit: Hit, slotEnd?: number): Omit<Claim, 'fix' | 'applicability' | 'note'> {
  const { end } = pathAt(view, hit);
  const stop = slotEnd === undefined ? end : Math.min(end, slotEnd);
  return {
    hit,
    site: { kind: 'slot', start: hit.start, end: stop, capacity: (slotEnd ?? hit.end) - hit.start },
    path: unescapePath(view.region(hit.start, stop), hit.escaping),
    prefix: hit.prefix.path,
    scope: 'inside',
  };
}
