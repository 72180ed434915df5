/** RL208: a path in UTF-16 or UTF-32, as Windows and Java programs write it. Rewritten in the same encoding. */
import { cStringAround } from '../formats/cstring.ts';
import type { Hit } from '../formats/needles.ts';
import { objectFile } from '../formats/object-file.ts';
import { structuredFormat } from '../formats/structured.ts';
import { decodeWide, isWide, unitWidth, type WideEscaping } from '../formats/wide.ts';
import { pinned } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';
import { binaryClaim, slotForm } from './slots.ts';

/** How much around a hit must be text for the hit to stand in a wide text. */
const AROUND = 512;
/** The longest wide string that is looked at for its end. */
const LONGEST = 64 * 1024;

export const rule: FileRule = {
  code: 'RL208',
  summary: "The tree's path as a UTF-16 or UTF-32 string.",
  subject: 'file',
  readsByteCode: true,
  appliesTo: () => true,
  claimsEachAlone: () => true,
  *claim(view, hits) {
    for (const hit of hits) if (isWide(hit.escaping)) yield claim(view, hit, hit.escaping);
  },
};

function claim(view: FileView, hit: Hit, encoding: WideEscaping): Claim {
  if (structuredFormat(view.head) === null && isWideText(view, hit, encoding)) return pinned(view, hit);
  const slotEnd = objectFile(view.head) === null ? null : terminatorOf(view, hit, encoding);
  if (slotEnd !== null) {
    const absolute = slotForm(view, hit, slotEnd);
    const note = 'a wide string in a program: a shorter path is filled up with `/`';
    return {
      ...binaryClaim(view, hit, slotEnd),
      fix: 'pinned',
      applicability: hit.ambiguous ? 'unsafe' : 'safe',
      note,
      absolute,
    };
  }
  return {
    ...binaryClaim(view, hit),
    fix: 'blocked',
    applicability: 'unsafe',
    note: 'a wide string in a binary of unknown format: something may count or sum its bytes',
    absolute: slotForm(view, hit, hit.end),
  };
}

/** Whether the file is text in this encoding: from its start, and all around the hit, without control characters. */
function isWideText(view: FileView, hit: Hit, encoding: WideEscaping): boolean {
  const width = unitWidth(encoding);
  if (hit.start % width !== 0) return false;
  const aligned = (offset: number): number => Math.max(0, offset - (offset % width));
  const pieces = [view.head, view.region(aligned(hit.start - AROUND), aligned(hit.end + AROUND))];
  return pieces.every((piece) => isText(decodeWide(piece, encoding)));
}

function isText(text: string): boolean {
  return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f\ufffd\ufffe\uffff]/.test(text);
}

/** The offset of the wide NUL that ends the string; null where none does. */
function terminatorOf(view: FileView, hit: Hit, encoding: WideEscaping): number | null {
  const string = cStringAround(view.region(hit.start, hit.end + LONGEST), 0, hit.end - hit.start, unitWidth(encoding));
  return string === null ? null : hit.start + string.end;
}
