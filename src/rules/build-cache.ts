/** RL212: a path in what a build left behind. Nothing but another build there reads it, and that must be configured anew anyway. */
import { debrisOfFile } from './build-debris.ts';
import { dataFormat, HIDING_STARTS, mayHideStrings } from './data-format.ts';
import { dataHits } from './data-strings.ts';
import { binaryClaim } from './slots.ts';
import { pathAt, textSite } from './claims.ts';
import type { Hit } from '../formats/needles.ts';
import type { Claim, FileRule, FileView } from './rule.ts';

export const rule: FileRule = {
  code: 'RL212',
  summary: "The tree's path in what a build left behind: caches, logs, objects, generated makefiles.",
  subject: 'file',
  readsByteCode: true,
  appliesTo: () => true,
  isInteresting: mayHideStrings,
  interestingStarts: HIDING_STARTS,
  *claim(view, hits, context) {
    // what is linked may be run from where it was built
    if (isLinked(view.head) && !NEVER_RUN.test(view.path)) return;
    const debris = debrisOfFile(view.path, context);
    if (debris === null) return;
    const note = `left by ${debris.name}; after a move: ${debris.again}`;
    const format = dataFormat(view, hits);
    for (const hit of hits) yield claim(view, hit, hit, note);
    if (format === null) return;
    for (const hit of dataHits(view, format, hits, context))
      if (hit.searched === null) yield claim(view, hit, null, note);
  },
};

/** What build tools try a compiler with. */
const NEVER_RUN = /(^|\/)(CMakeFiles|meson-private)\//;

/** An ELF executable or shared object (e_type 2 or 3), or a Mach-O image (filetype 2, 6, 8). */
function isLinked(head: Buffer): boolean {
  const magic = head.toString('latin1', 0, 4);
  if (magic === '\x7fELF') return [2, 3].includes(Math.max(head[16] ?? 0, head[17] ?? 0));
  if (magic === '\xcf\xfa\xed\xfe' || magic === '\xce\xfa\xed\xfe') return [2, 6, 8].includes(head[12] ?? 0);
  return magic === '\xca\xfe\xba\xbe';
}

function claim(view: FileView, hit: Hit, searched: Hit | null, note: string): Claim {
  const found = pathAt(view, hit);
  const { site, path } = view.isText
    ? { site: textSite(view, hit.start, found.end), path: found.path }
    : binaryClaim(view, hit);
  return {
    hit: searched,
    site,
    path,
    prefix: hit.prefix.path,
    scope: 'inside',
    applicability: 'manual',
    fix: 'none',
    note,
  };
}
