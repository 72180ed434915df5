/** Claims on C strings of native code (RL405, RL409): a slot from the hit to the NUL, in which a shorter path is filled up with `/`. */
import { cStringAround, isCounted, type CString } from '../formats/cstring.ts';
import { LOOK_AHEAD, pathEndsAt } from '../formats/boundary.ts';
import { languageOf } from '../formats/compiled-language.ts';
import { trueEscaping } from '../formats/context.ts';
import { holdsStringsAlone, isCode, type NativePlace } from '../formats/native-place.ts';
import type { Hit } from '../formats/needles.ts';
import { pathAt } from './claims.ts';
import type { Claim, FileView } from './rule.ts';
import { binaryClaim, slotForm } from './slots.ts';

/** The longest string that is looked at, to both sides of a hit. */
const LONGEST = 64 * 1024;

/**
 * The claim on a hit in a C string; null where it is in none: no NUL ends it, a number in front says how long it is, it stands between
 * instructions, or it is of a language that has other strings (RL406 says which).
 */
export function cStringClaim(view: FileView, hit: Hit, place: NativePlace): Claim | null {
  if (hit.escaping !== 'plain' || !mayHoldStrings(view, hit, place)) return null;
  const string = stringOf(view, hit, isAmongStrings(place));
  if (string === null) return null;
  const before = view.region(hit.start - 64, hit.start).toString('latin1');
  const escaping = trueEscaping(view.region(hit.start, hit.end), hit.prefix.path, hit.escaping, 'plain', before);
  return {
    ...binaryClaim(view, hit, string.end),
    fix: 'pinned',
    applicability: hit.ambiguous && !isUnmistakable(view, hit, place) ? 'unsafe' : 'safe',
    note: '',
    absolute: slotForm(view, hit, string.end, escaping),
  };
}

/** What stands before the first byte of a section is another section's. */
function isUnmistakable(view: FileView, hit: Hit, place: NativePlace): boolean {
  if (hit.start !== startOfPart(place)) return false;
  return pathEndsAt(view.region(hit.end, hit.end + LOOK_AHEAD), 0, hit.escaping) === 'ends';
}

/** The file offset of the section; null where it is in none. */
function startOfPart(place: NativePlace): number | null {
  if (place.kind === 'elf') return place.section === null ? null : place.start + place.section.offset;
  return place.kind === 'mach-o' ? (place.part?.start ?? null) : null;
}

function isAmongStrings(place: NativePlace): boolean {
  if (place.kind === 'elf') return place.section !== null && holdsStringsAlone(place.section);
  return place.kind === 'mach-o' && place.part?.use === 'strings';
}

function mayHoldStrings(view: FileView, hit: Hit, place: NativePlace): boolean {
  switch (place.kind) {
    case 'other':
      return true;
    case 'member':
      return place.isObject;
    case 'mach-o':
      return place.part?.use !== 'code';
    case 'payload':
    case 'malformed':
      return false;
    case 'elf': {
      const { elf, section } = place;
      // between sections stands what no header names; a file without section headers is all such
      if (section === null ? elf.sections.length > 0 : isCode(section)) return false;
      return languageOf(elf) === null || standsAlone(view, hit);
    }
  }
}

/** Strings of Go and Rust follow one another without a NUL: text right in front is another string. */
function standsAlone(view: FileView, hit: Hit): boolean {
  return /^(?:|[\0\s:=;,"'(])$/.test(view.region(hit.start - 1, hit.start).toString('latin1'));
}

/** The C string around a hit; null where no NUL ends it, or a number in front says how long it is. */
function stringOf(view: FileView, hit: Hit, isAmong: boolean): CString | null {
  const from = Math.max(0, hit.start - LONGEST);
  const bytes = view.region(from, hit.end + LONGEST);
  const string = cStringAround(bytes, hit.start - from, hit.end - from);
  if (string === null) return null;
  const ends = [string.end, string.end + 1, pathAt(view, hit).end - from];
  const starts = [string.start, hit.start - from];
  const isNumbered = starts.some((start) => ends.some((end) => isCounted(bytes, start, end - start)));
  return isNumbered && !isAmong ? null : { start: string.start + from, end: string.end + from };
}
