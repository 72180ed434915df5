/** RL403: the dynamic linker that a program asks the kernel for (PT_INTERP). It knows no `$ORIGIN`: the path stays absolute, in its slot. */
import { decodeBytes } from '../formats/byte-text.ts';
import { ELF_START, isElf, SEGMENT, type ElfSegment } from '../formats/elf.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName } from '../model/path.ts';
import { locate } from './claims.ts';
import { elfOf, hitsIn, isLoader } from './elf-file.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { isSystemFolder } from './search-path.ts';
import { binaryClaim } from './slots.ts';

export const rule: FileRule = {
  code: 'RL403',
  summary: "The dynamic linker of a program (PT_INTERP) by the tree's path, or outside of the tree.",
  subject: 'file',
  appliesTo: ({ head }) => isElf(head),
  isInteresting: (_, head) => isElf(head),
  interestingStarts: [ELF_START],
  *claim(view, hits, context) {
    const segment = elfOf(view)?.segments.find(({ type }) => type === SEGMENT.interpreter);
    if (segment === undefined || segment.fileSize > LONGEST || segment.offset + segment.fileSize > view.size) return;
    const slot = slotOf(view, segment);
    if (slot === null) return;
    for (const hit of hitsIn(hits, { start: segment.offset, end: slot.end })) yield inside(view, hit, slot);
    const outside = outsideClaim(slot, context);
    if (outside !== null) yield outside;
  },
};

/** PATH_MAX: the kernel takes no longer interpreter. */
const LONGEST = 4096;

/** The path [start, end) and the last byte that the kernel wants to be NUL. */
interface InterpreterSlot {
  readonly start: number;
  readonly end: number;
  readonly last: number;
  readonly path: string;
}

function slotOf(view: FileView, { offset, fileSize }: ElfSegment): InterpreterSlot | null {
  const bytes = view.region(offset, offset + fileSize);
  const nul = bytes.indexOf(0);
  if (nul <= 0) return null;
  return {
    start: offset,
    end: offset + nul,
    last: offset + fileSize - 1,
    path: decodeBytes(Buffer.from(bytes.subarray(0, nul))),
  };
}

function inside(view: FileView, hit: Hit, { end, last }: InterpreterSlot): Claim {
  const base = binaryClaim(view, hit, last);
  if (isLoader(view))
    return {
      ...base,
      fix: 'blocked',
      applicability: 'manual',
      note: 'the dynamic linker and the C library are never edited',
    };
  return {
    ...base,
    fix: 'pinned',
    applicability: 'safe',
    note: 'the kernel takes no relative path here',
    absolute: {
      start: hit.start,
      end: hit.end,
      escaping: 'plain',
      base: hit.prefix.base,
      slot: { slotEnd: last, padding: 'nul', tail: decodeBytes(Buffer.from(view.region(hit.end, end))) },
    },
  };
}

/** A dynamic linker of some other place (Nix, Guix, Homebrew): the target must have it. */
function outsideClaim({ start, end, last, path }: InterpreterSlot, context: RuleContext): Claim | null {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const isUsual = isSystemFolder(folder) || (folder === '/libexec' && baseName(path).startsWith('ld-'));
  if (!path.startsWith('/') || isUsual || locate(path, context.prefixes) !== null) return null;
  return {
    hit: null,
    site: { kind: 'slot', start, end, capacity: last - start },
    path,
    prefix: null,
    scope: 'outside',
    applicability: 'manual',
    fix: 'none',
    note: 'the dynamic linker that the program is started by',
  };
}
