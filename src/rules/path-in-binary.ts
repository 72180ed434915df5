/** RL406: a path in a binary where no rule knows what depends on its bytes. It is left, and the note says what is at stake. */
import { isCounted } from '../formats/cstring.ts';
import type { Hit } from '../formats/needles.ts';
import { isCode, type NativePlace } from '../formats/native-place.ts';
import { encodeBytes } from '../formats/byte-text.ts';
import { ELF_START, ELF_TYPE, isElf } from '../formats/elf.ts';
import { mayHoldCopies, splitCopies } from '../formats/split-constants.ts';
import type { Prefix } from '../model/prefix.ts';
import { languageOf, type CompiledLanguage } from '../formats/compiled-language.ts';
import { structuredFormat } from '../formats/structured.ts';
import { pathAt } from './claims.ts';
import { placesOf } from './native-view.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { binaryClaim, slotForm } from './slots.ts';
import { surroundingsOf } from './surroundings.ts';

/** Text without a NUL for so far to both sides of a hit is taken for text in a file that is binary elsewhere. */
const TEXT_AROUND = 256;

export const rule: FileRule = {
  code: 'RL406',
  summary: "The tree's path in a binary file, where something may count or sum its bytes.",
  subject: 'file',
  readsByteCode: true,
  appliesTo: () => true,
  claimsEachAlone: () => true,
  // pieces of a path give no hit
  isInteresting: (_, head) => isElf(head),
  interestingStarts: [ELF_START],
  *claim(view, hits, { prefixes }) {
    // a large program in which nothing else was found is not read a second time for them
    if (isElf(view.head) && view.bytes !== null) yield* claimPieces(view, view.bytes, prefixes);
    if (hits.length === 0) return;
    const surroundings = surroundingsOf(view);
    const format = structuredFormat(view.head);
    const placeOf = placesOf(view);
    for (const hit of hits) {
      if (surroundings(hit) !== 'binary') continue;
      if (format === null) yield claim(view, hit, riskOf(view, hit, placeOf?.(hit.start) ?? null));
      else
        yield {
          ...binaryClaim(view, hit),
          fix: 'blocked',
          applicability: 'manual',
          note: `in ${format.name}: ${format.risk}`,
        };
    }
  },
};

/** Copies that a compiler made in pieces: a prefix that is nowhere whole. */
function* claimPieces(view: FileView, bytes: Buffer, prefixes: readonly Prefix[]): Iterable<Claim> {
  for (const { path } of prefixes) {
    if (!mayHoldCopies(bytes, path)) continue;
    const place = placesOf(view)?.(0);
    if (place?.kind !== 'elf') return;
    for (const { start, end } of splitCopies(place.elf, encodeBytes(path)))
      yield {
        hit: null,
        site: { kind: 'slot', start, end, capacity: end - start },
        path,
        prefix: path,
        scope: 'inside',
        applicability: 'manual',
        fix: 'blocked',
        note: 'a compiler wrote the path in pieces between its instructions: build anew where it shall be, or with -fno-builtin',
      };
  }
}

/** Only a path of the same length would do no harm, and only if no checksum covers it: for those who know that, `--unsafe`. */
function claim(view: FileView, hit: Hit, note: string): Claim {
  const base = { ...binaryClaim(view, hit), fix: 'blocked', note } as const;
  if (hit.escaping !== 'plain') return { ...base, applicability: 'manual' };
  return { ...base, applicability: 'unsafe', absolute: slotForm(view, hit, hit.end) };
}

function riskOf(view: FileView, hit: Hit, place: NativePlace | null): string {
  const { end } = pathAt(view, hit);
  const from = Math.max(0, hit.start - TEXT_AROUND);
  const around = view.region(from, end + TEXT_AROUND);
  const start = hit.start - from;
  const stop = end - from;
  const isNumbered = isCounted(around, start, stop - start) || isCounted(around, start, stop - start + 1);
  if (place?.kind === 'malformed') return `a program whose headers can not be read: ${place.why}`;
  if (place?.kind === 'elf') return riskIn(place, isNumbered);
  if (place?.kind === 'mach-o' && place.part?.use === 'code') return BETWEEN_INSTRUCTIONS;
  if (isNumbered) return COUNTED;
  if (place !== null) return NO_NUL;
  if (!around.includes(0)) return 'in text of a file that is binary elsewhere: the rest may be found by its offset';
  return 'a binary of unknown format: something may count or sum its bytes';
}

const COUNTED = 'a number in front says how long the string is';
const BETWEEN_INSTRUCTIONS = 'between instructions: it may be a part of them';
const NO_NUL = 'no NUL ends it: the program knows its length';

function riskIn({ elf, section }: Extract<NativePlace, { kind: 'elf' }>, isNumbered: boolean): string {
  if (elf.type === ELF_TYPE.core) return 'in the memory of a program that died: nothing reads it but a debugger';
  if (section === null && elf.sections.length > 0)
    return 'in no section of the program: what it belongs to is not known';
  if (section !== null && isCode(section)) return BETWEEN_INSTRUCTIONS;
  const language = languageOf(elf);
  return language === null ? (isNumbered ? COUNTED : NO_NUL) : REBUILD[language];
}

/** What keeps the place out of a program of a language whose strings no NUL ends. */
const REBUILD: Readonly<Record<CompiledLanguage, string>> = {
  go: 'a string of Go, whose length the program knows: build with -trimpath, or without the path in -ldflags -X',
  rust: 'a string of Rust, whose length the program knows: build with --remap-path-prefix, or without env! of the path',
};
