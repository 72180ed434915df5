/** RL507: the name of the source in compiled Python byte code (co_filename). */
import { rewriteString } from '../formats/pyc.ts';
import { isByteCode, readByteCode, sourceOf } from './byte-code.ts';
import type { Claim, FileRule } from './rule.ts';

/** Said of byte code that is all there is. */
export const NO_SOURCE = 'there is no source, so tracebacks show the relative path';

export const rule: FileRule = {
  code: 'RL507',
  subject: 'file',
  summary: 'Byte code names the source it was compiled from by an absolute path.',
  readsByteCode: true,
  appliesTo: ({ path, head }) => isByteCode(path, head),
  isInteresting: isByteCode,

  *claim(view, hits, context) {
    const byteCode = readByteCode(view, hits, context);
    if (byteCode === null) return;
    const note = sourceOf(view.path, context) === null ? NO_SOURCE : '';
    for (const each of byteCode.strings) {
      const {
        string,
        hits: [hit],
        fileName: found,
      } = each;
      if (found === null || found.inTree === null || hit === undefined) continue;
      const text = rewriteString(string, found.inTree, byteCode.header.layout);
      const claim: Claim = {
        hit: hit.searched,
        site: { kind: 'pyc', start: string.start, end: string.end },
        path: found.path,
        prefix: hit.prefix.path,
        scope: 'inside',
        applicability: 'safe',
        fix: 'relative',
        note,
        relative: { kind: 'splices', splices: [{ start: string.start, end: string.end, text }] },
      };
      yield claim;
    }
  },
};
