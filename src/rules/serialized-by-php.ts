/** Which hits of a file stand in a string that PHP has serialized. */
import type { Hit } from '../formats/needles.ts';
import { serializedStrings } from '../formats/php-serialized.ts';
import type { FileView } from './rule.ts';

/** How much around a hit is looked at in a file that is too large to hold. */
const AROUND = 16 * 1024;

/** Makes the judge of one file. */
export function serializedByPhp(view: FileView): (hit: Hit) => boolean {
  if (view.bytes !== null) {
    const isSerialized = serializedStrings(view.latin1());
    return ({ start, end }) => isSerialized(start, end);
  }
  return ({ start, end }) => {
    const from = Math.max(0, start - AROUND);
    return serializedStrings(view.region(from, end + AROUND).toString('latin1'))(start - from, end - from);
  };
}
