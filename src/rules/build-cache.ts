/** RL212: a path in what a build left behind. Nothing but another build there reads it, and that must be configured anew anyway. */
import type { Hit } from '../formats/needles.ts';
import { debrisOfFile } from './build-debris.ts';
import { isByteCode, readByteCode } from './byte-code.ts';
import { pathAt, textSite } from './claims.ts';
import { dataFormat, mayHideStrings } from './data-format.ts';
import { dataHits, type DataHit } from './data-strings.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { binaryClaim } from './slots.ts';

export const rule: FileRule = {
  code: 'RL212',
  summary: "The tree's path in what a build left behind: caches, logs, objects, generated makefiles.",
  subject: 'file',
  readsByteCode: true,
  appliesTo: () => true,
  // in data, the format shows more than the search
  claimsEachAlone: (view) => dataFormat(view, []) === null,
  isInteresting: (path, head) => isByteCode(path, head) || mayHideStrings(path, head),
  *claim(view, hits, context) {
    // what is linked may be run from where it was built
    if (isLinked(view.head) && !NEVER_RUN.test(view.path)) return;
    const debris = debrisOfFile(view.path, context);
    if (debris === null) return;
    const note = `left by ${debris.name}; after a move: ${debris.again}`;
    for (const hit of allHits(view, hits, context)) yield claim(view, hit, note);
  },
};

/** The hits of the search, and those that only the format of the file shows. */
function allHits(view: FileView, hits: readonly Hit[], context: RuleContext): readonly DataHit[] {
  if (isByteCode(view.path, view.head)) return byteCodeHits(view, hits, context);
  const format = dataFormat(view, hits);
  return format === null ? hits.map(outsideStrings) : dataHits(view, format, hits, context);
}

function byteCodeHits(view: FileView, hits: readonly Hit[], context: RuleContext): readonly DataHit[] {
  const strings = readByteCode(view, hits, context)?.strings ?? [];
  const inStrings = strings
    .filter(({ string }) => string.role !== 'code')
    .flatMap(({ string, hits: found }) => found.map((hit) => ({ ...hit, stringEnd: string.end })));
  const told = new Set(inStrings.map(({ searched }) => searched));
  return [...inStrings, ...hits.filter((hit) => !told.has(hit)).map(outsideStrings)];
}

function outsideStrings(hit: Hit): DataHit {
  return { ...hit, searched: hit, stringEnd: null };
}

/** What build tools try a compiler with. */
const NEVER_RUN = /(^|\/)(CMakeFiles|meson-private)\//;

/** An ELF executable or shared object (e_type 2 or 3), or a Mach-O image (filetype 2, 6, 8). */
function isLinked(head: Buffer): boolean {
  const magic = head.toString('latin1', 0, 4);
  if (magic === '\x7fELF') return [2, 3].includes(Math.max(head[16] ?? 0, head[17] ?? 0));
  if (magic === '\xcf\xfa\xed\xfe' || magic === '\xce\xfa\xed\xfe') return [2, 6, 8].includes(head[12] ?? 0);
  return magic === '\xca\xfe\xba\xbe';
}

function claim(view: FileView, hit: DataHit, note: string): Claim {
  const found = pathAt(view, hit);
  const { site, path } = view.isText
    ? { site: textSite(view, hit.start, found.end), path: found.path }
    : binaryClaim(view, hit, hit.stringEnd ?? undefined);
  return {
    hit: hit.searched,
    site,
    path,
    prefix: hit.prefix.path,
    scope: 'inside',
    applicability: 'manual',
    fix: 'none',
    note,
  };
}
