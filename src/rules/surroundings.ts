/** What a hit stands in: text, text in an encoding that is not known, or binary. Judged for each hit, not for the file alone. */
import { isUtf8 } from 'node:buffer';
import { isWholeText } from '../formats/byte-text.ts';
import type { Hit } from '../formats/needles.ts';
import { structuredFormat } from '../formats/structured.ts';
import { perView } from './per-view.ts';
import type { FileView } from './rule.ts';

export type Surroundings = 'text' | 'unknown-encoding' | 'binary';

/** How much around a hit is looked at in a file that is too large to hold. */
const AROUND = 4096;

/** The judge of one file: what is true of the whole file is found out once. */
export const surroundingsOf: (view: FileView) => (hit: Hit) => Surroundings = perView((view) => {
  if (!view.isText || structuredFormat(view.head) !== null) return () => 'binary';
  if (view.bytes !== null) {
    const surroundings: Surroundings = isUtf8(view.bytes) ? 'text' : 'unknown-encoding';
    return () => surroundings;
  }
  return (hit) => {
    const around = view.region(hit.start - AROUND, hit.end + AROUND);
    if (around.includes(0)) return 'binary';
    return isWholeText(around) ? 'text' : 'unknown-encoding';
  };
});
