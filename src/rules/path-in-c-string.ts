/** RL405: a path in a NUL-terminated string of a program, library or terminal description. A path that is not longer may replace it. */
import { ELF_TYPE, SECTION, type Elf } from '../formats/elf.ts';
import { pointedInto } from '../formats/interior-references.ts';
import type { NativePlace } from '../formats/native-place.ts';
import type { Hit } from '../formats/needles.ts';
import { copiedInPieces } from '../formats/split-constants.ts';
import { objectFile } from '../formats/object-file.ts';
import { isTerminfo } from '../formats/terminfo.ts';
import { cStringClaim } from './c-strings.ts';
import { placesOf } from './native-view.ts';
import type { Claim, FileRule } from './rule.ts';

export const rule: FileRule = {
  code: 'RL405',
  summary: "The tree's path in a C string of a program or library: a path that is not longer fits in its place.",
  subject: 'file',
  appliesTo: ({ head }) => objectFile(head) !== null || isTerminfo(head),
  *claim(view, hits) {
    const placeOf = placesOf(view) ?? elsewhere;
    const isSigned = objectFile(view.head)?.isSigned === true;
    const claims: Claim[] = [];
    for (const hit of hits) {
      const place = placeOf(hit.start);
      const claim = isCore(place) ? null : cStringClaim(view, hit, place);
      if (claim !== null) claims.push(isSigned ? signed(claim) : claim);
    }
    yield* withCare(claims, placeOf);
  },
};

/** Marks those that are not what they look like: an edit of the string alone would make another string wrong, or half a path. */
function withCare(claims: readonly Claim[], placeOf: (offset: number) => NativePlace): Claim[] {
  let elf: Elf | null = null;
  const hits = new Map<Claim, Hit>();
  for (const claim of claims) {
    const place = claim.hit === null ? null : placeOf(claim.hit.start);
    if (claim.hit === null || place?.kind !== 'elf' || place.section?.type === SECTION.strings) continue;
    elf = place.elf;
    hits.set(claim, claim.hit);
  }
  if (elf === null) return [...claims];
  const pointed = pointedInto(elf, [...hits.values()]);
  const copied = copiedInPieces(elf, [...hits.values()]);
  return claims.map((claim) => {
    const hit = hits.get(claim);
    if (hit === undefined) return claim;
    const note = pointed.has(hit) ? SHARED : copied.has(hit) ? COPIED : null;
    return note === null ? claim : { ...claim, applicability: 'unsafe', note };
  });
}

const SHARED =
  'the program points into the middle of the prefix: another string of it ends so, and would become slashes';
const COPIED = 'a compiler copies the path in pieces, of which only the first is here: build anew where it shall be';

function elsewhere(): NativePlace {
  return { kind: 'other' };
}

/** The memory of a program that died. */
function isCore(place: NativePlace): boolean {
  return place.kind === 'elf' && place.elf.type === ELF_TYPE.core;
}

function signed(claim: Claim): Claim {
  return { ...claim, applicability: 'unsafe', note: 'the file is signed: after an edit it must be signed again' };
}
