/** Writes an absolute path at a site: from an AbsoluteForm and a place to the splices that put it there. Pure. */
import type { AbsolutePath } from '../model/path.ts';
import { joinAbsolute } from '../model/path.ts';
import type { AbsoluteForm, Splice } from '../model/reference.ts';
import { decodeBytes, encodeBytes } from './byte-text.ts';
import { escapePath, unitWidth } from './escaping.ts';

export type Written =
  | { readonly ok: true; readonly splices: readonly Splice[]; readonly text: string }
  /** `room` and `needed` in bytes of the escaped prefix; `unwritable` where the escaping can't hold the path. */
  | { readonly ok: false; readonly why: 'cannot-grow' | 'unwritable'; readonly room: number; readonly needed: number };

/**
 * The splices that make the site say `destination` (the tree's new root, or a placeholder) instead of its present prefix.
 * The result is a no-op splice where the bytes are the same already: callers compare `text`.
 */
export function writeAbsolute(form: AbsoluteForm, destination: AbsolutePath | string): Written {
  const path = form.base === '' ? destination : joinAbsolute(destination as AbsolutePath, form.base);
  const bytes = escapePath(path, form.escaping);
  const room = form.end - form.start;
  if (bytes === null) return { ok: false, why: 'unwritable', room, needed: 0 };
  const text = decodeBytes(bytes);
  if (form.repacked !== undefined) return writeRepacked(form.repacked, destination, text);
  if (form.slot !== undefined) return writeInSlot(form, form.slot, bytes, text);
  const splice: Splice = { start: form.start, end: form.end, text };
  if (form.length === undefined) return { ok: true, splices: [splice], text };
  return writeCounted(form, form.length, splice, bytes);
}

/**
 * The bytes that a written path (with its base) may have at a fixed-size site; null where the site can grow.
 * A 4-byte length counts as growing: it holds more than any path has.
 */
export function roomOf({ start, end, slot, length }: AbsoluteForm): number | null {
  if (slot !== undefined)
    return slot.padding === 'slash' ? end - start : slot.slotEnd - start - encodeBytes(slot.tail).length;
  return length?.width === 1 ? end - start + Math.floor((0xff - length.value) / length.paths) : null;
}

/** The longest destination, in bytes, that a site takes; null where none limits it. */
export function longestDestination(form: AbsoluteForm): number | null {
  const room = roomOf(form);
  if (room === null) return null;
  return Math.floor(room / unitWidth(form.escaping)) - (form.base === '' ? 0 : encodeBytes(form.base).length + 1);
}

function writeRepacked(
  { destination, splices }: NonNullable<AbsoluteForm['repacked']>,
  wanted: string,
  text: string,
): Written {
  return wanted === destination ? { ok: true, splices, text } : { ok: false, why: 'unwritable', room: 0, needed: 0 };
}

function writeCounted(
  form: AbsoluteForm,
  length: NonNullable<AbsoluteForm['length']>,
  splice: Splice,
  bytes: Buffer,
): Written {
  const old = form.end - form.start;
  if (length.ascii && bytes.some((byte) => byte >= 0x80)) return { ok: false, why: 'unwritable', room: old, needed: 0 };
  const room = roomOf(form);
  if (room !== null && bytes.length > room) return { ok: false, why: 'cannot-grow', room, needed: bytes.length };
  const value = length.value + (bytes.length - old) * length.paths;
  const counted = Buffer.alloc(length.width);
  counted.writeUIntLE(value, 0, length.width);
  const lengthSplice = { start: length.at, end: length.at + length.width, text: decodeBytes(counted) };
  return { ok: true, splices: [lengthSplice, splice], text: splice.text };
}

function writeInSlot(
  form: AbsoluteForm,
  slot: NonNullable<AbsoluteForm['slot']>,
  bytes: Buffer,
  text: string,
): Written {
  const tail = encodeBytes(slot.tail);
  const room = roomOf(form) ?? 0;
  if (bytes.length > room) return { ok: false, why: 'cannot-grow', room, needed: bytes.length };
  const spare = room - bytes.length;
  if (slot.padding === 'slash') {
    const slash = escapePath('/', form.escaping) ?? bytes.subarray(0, 1);
    if (spare % slash.length !== 0) return { ok: false, why: 'unwritable', room, needed: bytes.length };
    const filled = Buffer.concat([bytes, ...Array.from({ length: spare / slash.length }, () => slash)]);
    return { ok: true, text, splices: [{ start: form.start, end: form.end, text: decodeBytes(filled) }] };
  }
  const whole = Buffer.concat([bytes, tail, Buffer.alloc(spare)]);
  return { ok: true, text, splices: [{ start: form.start, end: slot.slotEnd, text: decodeBytes(whole) }] };
}
