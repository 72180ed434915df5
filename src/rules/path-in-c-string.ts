/** RL405: a path in a NUL-terminated string of a program, library or terminal description. A path that is not longer may replace it. */
import { ELF_TYPE } from '../formats/elf.ts';
import type { NativePlace } from '../formats/native-place.ts';
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
    for (const hit of hits) {
      const place = placeOf(hit.start);
      const claim = isCore(place) ? null : cStringClaim(view, hit, place);
      if (claim !== null) yield isSigned ? signed(claim) : claim;
    }
  },
};

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
