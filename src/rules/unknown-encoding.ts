/** RL906: a path in a text that is not UTF-8. The path itself is ASCII and the same in most encodings; another one might not be. */
import { isCounted } from '../formats/cstring.ts';
import { pythonSourceOf } from '../formats/context.ts';
import type { Hit } from '../formats/needles.ts';
import { isWide } from '../formats/wide.ts';
import { blocked, pathAt, pinned } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { surroundingsOf } from './surroundings.ts';
import { languageOfView } from './true-escaping.ts';

export const rule: FileRule = {
  code: 'RL906',
  summary: "The tree's path in a text whose encoding is not known: only an ASCII path can be written there.",
  subject: 'file',
  readsByteCode: true,
  appliesTo: () => true,
  claimsEachAlone: () => true,
  *claim(view, hits) {
    if (isDeclaredPython(view)) return;
    const surroundings = surroundingsOf(view);
    for (const hit of hits) {
      if (!isWide(hit.escaping) && isAscii(hit.prefix.path) && surroundings(hit) === 'unknown-encoding')
        yield claim(view, hit);
    }
  },
};

/** A coding cookie tells the encoding, and literals can be written in ASCII. */
function isDeclaredPython(view: FileView): boolean {
  return languageOfView(view) === 'python' && pythonSourceOf(view.head) === 'other';
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

function claim(view: FileView, hit: Hit): Claim {
  const found = pathAt(view, hit);
  if (!isBesideBytes(view, hit) && !isCountedHere(view, hit, found.end))
    return pinned(view, hit, {
      found,
      escaping: 'ascii',
      note: 'the file is not UTF-8: only a path of ASCII characters can be written there',
    });
  return blocked(view, hit, {
    found,
    note: 'stands right beside bytes that are no text in any encoding relocate knows',
  });
}

/** In the search's words: ambiguous, for another reason than a `$`. */
function isBesideBytes(view: FileView, hit: Hit): boolean {
  const around = view.region(hit.start - 1, hit.end + 1);
  return hit.ambiguous && ((around[0] ?? 0) >= 0x80 || (around.at(-1) ?? 0) >= 0x80);
}

function isCountedHere(view: FileView, hit: Hit, end: number): boolean {
  const from = Math.max(0, hit.start - 8);
  return isCounted(view.region(from, hit.start), hit.start - from, end - hit.start);
}
