/** RL101: a script that names its interpreter, or an argument of it, by an absolute path into the tree. */
import { PORTABLE_SHEBANG } from '../formats/shebang.ts';
import { zipOffsets } from '../formats/zip.ts';
import type { Hit } from '../formats/needles.ts';
import { polyglotForm } from './polyglot.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { claimShebang, hitsOnLine, isScript, pinnedWord, readShebang, shebangLength } from './shebang-claims.ts';

export const rule: FileRule = {
  code: 'RL101',
  subject: 'file',
  summary: 'A script names its interpreter by an absolute path into the tree.',
  appliesTo: isScript,

  *claim(view, hits, context) {
    const length = shebangLength(view);
    if (length === null || length > PORTABLE_SHEBANG || !hits.some((hit) => hit.end <= length)) return;
    if (view.isText) yield* claimShebang(view, hits, context, polyglotForm(view));
    else if (zipOffsets((start, end) => view.region(start, end), view.size) === null)
      yield* claimBeforePayload(view, hits);
  },
};

/** Bytes behind a script may be found by counting, so nothing before them may grow or shrink. */
function* claimBeforePayload(view: FileView, hits: readonly Hit[]): Iterable<Claim> {
  const shebang = readShebang(view, hits);
  if (shebang === null) return;
  const note = 'binary data follows the script, which may be found by counting bytes';
  for (const found of hitsOnLine(view, shebang, hits)) yield { ...pinnedWord(view, found, note), fix: 'blocked' };
}
