/** RL407: a path in what only debuggers and people read: debug information, records of compilers, names of sources for tracebacks. */
import { inflateSection, isCompressed, mayHoldCompressed, MOST_INFLATED } from '../formats/compressed-section.ts';
import { compileNeedles, findHits, type Hit } from '../formats/needles.ts';
import { AR_START, isAr } from '../formats/ar.ts';
import { ELF_START, isElf } from '../formats/elf.ts';
import { isMachO } from '../formats/macho.ts';
import { elfImages, isForDebuggers, type NativePlace } from '../formats/native-place.ts';
import { unescapePath } from '../formats/escaping.ts';
import { placesOf } from './native-view.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { binaryClaim } from './slots.ts';

export const rule: FileRule = {
  code: 'RL407',
  summary: "The tree's path in debug information: harmless.",
  subject: 'file',
  appliesTo: ({ head }) => isElf(head) || isAr(head) || isMachO(head),
  // what is compressed gives no hit
  isInteresting: (_, head) => isElf(head) || isAr(head),
  interestingStarts: [ELF_START, AR_START],
  *claim(view, hits, context) {
    if (hits.length > 0) yield* claimHits(view, hits, context);
    yield* claimCompressed(view, context);
  },
};

function* claimHits(view: FileView, hits: readonly Hit[], { options }: RuleContext): Iterable<Claim> {
  const placeOf = placesOf(view);
  if (placeOf === null) return;
  for (const hit of hits) {
    const name = debugPart(placeOf(hit.start));
    if (name !== null) yield claim(view, hit, name, options.stripDebugPaths);
  }
}

/** The name of the section, where only debuggers read it. */
function debugPart(place: NativePlace): string | null {
  if (place.kind === 'elf') return place.section !== null && isForDebuggers(place.section) ? place.section.name : null;
  return place.kind === 'mach-o' && place.part?.use === 'debug' ? place.part.name : null;
}

function claim(view: FileView, hit: Hit, name: string, isStripped: boolean): Claim {
  const base = {
    ...binaryClaim(view, hit),
    applicability: 'safe',
    note: `in ${name}: only debuggers read it`,
  } as const;
  if (!isStripped || hit.escaping !== 'plain') return { ...base, fix: 'none' };
  // what follows stays an absolute path, so that folders and names of sources fit together as before; no length changes
  const splice = { start: hit.start, end: hit.end, text: '/'.repeat(hit.end - hit.start) };
  return { ...base, fix: 'relative', relative: { kind: 'splices', splices: [splice] } };
}

/** One reference for each compressed section that holds a prefix, or can't be looked into. */
function* claimCompressed(view: FileView, { prefixes }: RuleContext): Iterable<Claim> {
  let left = MOST_INFLATED;
  for (const { elf, start } of elfImages(view, view.head, mayHoldCompressed))
    for (const section of elf.sections) {
      if (!isCompressed(section)) continue;
      const inflated = inflateSection(elf, section, left);
      if (inflated.ok) left -= inflated.bytes.length;
      const found = inflated.ok ? firstPath(inflated.bytes, prefixes) : { path: section.name, prefix: null };
      if (found === null) continue;
      const from = start + section.offset;
      yield {
        hit: null,
        site: { kind: 'slot', start: from, end: from + section.size, capacity: 0 },
        ...found,
        scope: 'inside',
        applicability: 'safe',
        fix: 'none',
        note: inflated.ok
          ? `in ${section.name}, compressed: only debuggers read it`
          : `${section.name} is ${inflated.why}`,
      };
    }
}

function firstPath(bytes: Buffer, prefixes: RuleContext['prefixes']): Pick<Claim, 'path' | 'prefix'> | null {
  const hit = findHits(bytes, compileNeedles(prefixes, 'plain'))[0];
  if (hit === undefined) return null;
  const nul = bytes.indexOf(0, hit.end);
  return { path: unescapePath(bytes.subarray(hit.start, nul < 0 ? hit.end : nul), 'plain'), prefix: hit.prefix.path };
}
