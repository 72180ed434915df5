/** Claims on hits in binaries: what can be written there never changes the length of anything. */
import { unescapePath } from '../formats/escaping.ts';
import { decodeBytes } from '../formats/byte-text.ts';
import type { Hit } from '../formats/needles.ts';
import type { AbsoluteForm, Escaping } from '../model/reference.ts';
import { pathAt } from './claims.ts';
import type { Claim, FileView } from './rule.ts';

/**
 * A slot at a hit: the prefix may become shorter, `/` fills up. `slotEnd` is where the string ends, or the end of the path where
 * nothing ends it. (See bytes.md, C strings: the tail keeps its place, and whoever counts the bytes counts the same.)
 */
export function slotForm(view: FileView, hit: Hit, slotEnd: number, escaping: Escaping = hit.escaping): AbsoluteForm {
  const tail = decodeBytes(view.region(hit.end, slotEnd));
  return { start: hit.start, end: hit.end, escaping, base: hit.prefix.base, slot: { slotEnd, padding: 'slash', tail } };
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
