/** Claims on hits in strings of a dynamic section: pinned in their slot, as long as nobody else reads a string that the edit would change. */
import { decodeBytes } from '../formats/byte-text.ts';
import { roomOfString } from '../formats/elf-strings.ts';
import type { Hit } from '../formats/needles.ts';
import { locate } from './claims.ts';
import type { StringEdit } from './elf-string-edits.ts';
import { isLoader, soundOr, type DynamicElf, type DynamicString } from './elf-file.ts';
import type { Claim, FileView, RuleContext } from './rule.ts';
import { binaryClaim, slotForm } from './slots.ts';

/**
 * The claim on a hit that stays absolute. Everybody who reads the string from its start, or a longer one that it ends, reads a path of the
 * tree, and moves with it; a tail behind the prefix keeps its place, because `/` fills up.
 */
function stringClaim(view: FileView, { elf, dynamic }: DynamicElf, string: DynamicString, hit: Hit): Claim {
  const until = elementEnd(string, hit);
  const base = binaryClaim(view, hit, until);
  const absolute = slotForm(view, hit, until, 'search-path');
  const from = dynamic.strings.start;
  const room = soundOr(() => roomOfString(elf, dynamic, string.start - from, string.end - from), null);
  const isInPrefix = (tail: number): boolean => tail > hit.start - from && tail < absolute.end - from;
  const blocked = (note: string): Claim => ({ ...base, fix: 'blocked', applicability: 'manual', note });
  if (isLoader(view)) return blocked('the dynamic linker and the C library are never edited');
  if (room === null) return blocked('who reads its string table can not be told');
  if (room.tails.some(isInPrefix)) return blocked('another string begins within these bytes');
  return { ...base, fix: 'pinned', applicability: hit.ambiguous ? 'unsafe' : 'safe', note: '', absolute };
}

/** The claim on a hit in a string that has an edit, or a reason to have none. */
export function originClaim(
  view: FileView,
  file: DynamicElf,
  string: DynamicString,
  hit: Hit,
  edit: StringEdit,
  context: RuleContext,
): Claim {
  const pinned = stringClaim(view, file, string, hit);
  if ('why' in edit) return pinned.note === '' ? { ...pinned, note: edit.why } : pinned;
  if (!isWholeElement(string, hit, context)) return pinned;
  const applicability = hit.ambiguous ? 'unsafe' : 'safe';
  return { ...pinned, fix: 'relative', applicability, note: '', relative: { kind: 'splices', splices: edit.splices } };
}

/** Whether the element of the list that holds the hit is a path of the tree, and nothing but that. */
function isWholeElement(string: DynamicString, hit: Hit, context: RuleContext): boolean {
  const { start, text } = string;
  const from = text.lastIndexOf(':', hit.start - start) + 1;
  const element = decodeBytes(Buffer.from(text.slice(from, elementEnd(string, hit) - start), 'latin1'));
  return from === hit.start - start && locate(element, context.prefixes) !== null;
}

/** Where the element of a colon list ends that holds the hit. */
function elementEnd({ start, end, text }: DynamicString, hit: Hit): number {
  const colon = text.indexOf(':', hit.end - start);
  return colon < 0 ? end : start + colon;
}
