/** RL409: a path in object code that is to be linked still: object files, static libraries, bitcode, precompiled headers. */
import { isAr } from '../formats/ar.ts';
import { isElf } from '../formats/elf.ts';
import { isRelocatable, type NativePlace } from '../formats/native-place.ts';
import type { Hit } from '../formats/needles.ts';
import { cStringClaim } from './c-strings.ts';
import { placesOf } from './native-view.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { binaryClaim, slotForm } from './slots.ts';

/** Files that only the compiler that wrote them can read, by their first bytes. */
const COMPILER_FILES: readonly { readonly magic: string; readonly note: string }[] = [
  { magic: 'BC\xc0\xde', note: 'in LLVM bitcode, whose strings are packed in bits: compile it anew' },
  { magic: '\xde\xc0\x17\x0b', note: 'in LLVM bitcode, whose strings are packed in bits: compile it anew' },
  { magic: 'gpch', note: 'in a precompiled header, which holds what the compiler remembers: compile it anew' },
  {
    magic: 'CPCH',
    note: 'in a precompiled header or module, which holds what the compiler remembers: compile it anew',
  },
];

export const rule: FileRule = {
  code: 'RL409',
  summary: "The tree's path in an object file or static library.",
  subject: 'file',
  appliesTo: ({ head }) => isElf(head) || isAr(head) || compilerFile(head) !== undefined,
  *claim(view, hits) {
    const known = compilerFile(view.head);
    if (known !== undefined) for (const hit of hits) yield blocked(view, hit, known.note);
    const placeOf = placesOf(view);
    if (placeOf === null) return;
    const isArchive = isAr(view.head);
    for (const hit of hits) {
      const place = placeOf(hit.start);
      if (isArchive || (place.kind === 'elf' && isRelocatable(place.elf)))
        yield cStringClaim(view, hit, place) ?? blocked(view, hit, whyBlocked(place), 'unsafe');
    }
  },
};

function compilerFile(head: Buffer): (typeof COMPILER_FILES)[number] | undefined {
  const magic = head.toString('latin1', 0, 4);
  return COMPILER_FILES.find((file) => file.magic === magic);
}

function blocked(view: FileView, hit: Hit, note: string, applicability: 'unsafe' | 'manual' = 'manual'): Claim {
  const base = { ...binaryClaim(view, hit), fix: 'blocked', note } as const;
  if (applicability === 'manual' || hit.escaping !== 'plain') return { ...base, applicability: 'manual' };
  return { ...base, applicability, absolute: slotForm(view, hit, hit.end) };
}

function whyBlocked(place: NativePlace): string {
  switch (place.kind) {
    case 'member':
      return place.member === null || place.member.name === '//'
        ? "in the archive's own tables, which are read by their offsets"
        : 'in a member that is no object code: something may count or sum its bytes';
    case 'malformed':
      return `in a member whose headers can not be read: ${place.why}`;
    default:
      return 'no NUL ends it, or a number says how long it is: compile it anew';
  }
}
