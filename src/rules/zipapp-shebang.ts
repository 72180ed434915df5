/** RL107: an executable zip (zipapp, pex, shiv, jar) whose first line names an interpreter in the tree. */
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { movedOffset, zipOffsets, type ZipOffsets } from '../formats/zip.ts';
import type { Splice } from '../model/reference.ts';
import type { FileRule } from './rule.ts';
import { claimShebang, isScript, shebangLength, type Rewriting } from './shebang-claims.ts';

export const rule: FileRule = {
  code: 'RL107',
  subject: 'file',
  summary: 'An executable zip names its interpreter by an absolute path into the tree.',
  appliesTo: isScript,

  *claim(view, hits, context) {
    const length = shebangLength(view);
    if (view.isText || length === null || !hits.some((hit) => hit.end <= length)) return;
    const zip = zipOffsets((start, end) => view.region(start, end), view.size);
    if (zip === null) return;
    yield* claimShebang(view, hits, context, {
      // what reads the zip looks from its end, so sh may have a line of its own
      longForm: ({ end }, words) => ({
        splices: [{ start: 0, end, text: `#!/bin/sh\nexec ${words.join(' ')} "$0" "$@"` }],
      }),
      complete: (splices) => moveZip(splices, zip),
    });
  },
};

/** Offsets that count from the start of the file grow with what stands before the zip; others are relative already. */
function moveZip(splices: readonly Splice[], { bias, offsets }: ZipOffsets): Rewriting {
  if (bias !== 0) return { splices };
  const growth = splices.reduce((sum, { start, end, text }) => sum + encodeBytes(text).length - (end - start), 0);
  const moved: Splice[] = [];
  for (const offset of offsets) {
    const bytes = movedOffset(offset, growth);
    if (bytes === null) return { obstacle: 'the zip has no room for its new offsets' };
    moved.push({ start: offset.at, end: offset.at + offset.size, text: decodeBytes(bytes) });
  }
  return { splices: [...splices, ...moved.sort((a, b) => a.start - b.start)] };
}
