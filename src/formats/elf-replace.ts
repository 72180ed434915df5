/**
 * Puts another text in the place of a string of `.dynstr`, as edits that keep the size of the file: in the string's own room, or in a
 * run of the table that nobody reads. Pure. See bytes.md, "ELF RPATH / RUNPATH in place".
 */
import type { Splice } from '../model/reference.ts';
import { numberBytes } from './byte-source.ts';
import { decodeBytes } from './byte-text.ts';
import { roomOfString, type StringRoom, type UnreadBytes } from './elf-strings.ts';
import type { Dynamic, DynamicEntry } from './elf-dynamic.ts';
import type { Elf } from './elf.ts';

export type Replaced =
  | { readonly ok: true; readonly splices: readonly Splice[] }
  /**
   * `unknown`: who reads the table can't be established; `shared`: others than the given tags read the string; `no-room`: it has room for
   * `room` bytes alone.
   */
  | { readonly ok: false; readonly why: 'unknown' | 'shared' | 'no-room'; readonly room: number };

/** A string of the table that tags of the given kinds may say anew: offsets in the table, `end` that of its NUL. */
export interface Replaceable {
  readonly start: number;
  readonly end: number;
  readonly tags: ReadonlySet<number>;
}

/**
 * The edits after which every tag that read the string reads `value`.
 * @param unread what nobody reads: the edits of all strings of a file take from the same
 * @throws MalformedElf, RangeError where the file's tables can't be what they say
 */
export function replaceString(
  elf: Elf,
  dynamic: Dynamic,
  string: Replaceable,
  value: Buffer,
  unread: () => UnreadBytes,
): Replaced {
  const { start, end, tags } = string;
  const room = roomOfString(elf, dynamic, start, end);
  if (room === null) return { ok: false, why: 'unknown', room: 0 };
  const isOurs = room.users.every(({ tag }) => tag !== null && tags.has(tag.tag));
  if (isOurs && value.length <= room.room) return { ok: true, splices: [fill(dynamic, start, room, value)] };
  const readers = room.users.flatMap(({ tag }) => (tag !== null && tags.has(tag.tag) ? [tag] : []));
  const run = unread().take(value.length + 1);
  if (run !== null) return { ok: true, splices: moved(elf, dynamic, start, room, readers, run, value) };
  return { ok: false, why: isOurs && room.room >= 0 ? 'no-room' : 'shared', room: isOurs ? Math.max(0, room.room) : 0 };
}

/** The string's own bytes: the value, NULs for the rest of the room, and one more where a tail begins behind it. */
function fill({ strings }: Dynamic, start: number, { room, isShared }: StringRoom, value: Buffer): Splice {
  const size = room + (isShared ? 1 : 0);
  const bytes = Buffer.alloc(size);
  value.copy(bytes);
  return { start: strings.start + start, end: strings.start + start + size, text: decodeBytes(bytes) };
}

/** Writes the value into a free run and lets the tags point there. What nobody reads any more is blanked. */
function moved(
  elf: Elf,
  dynamic: Dynamic,
  start: number,
  room: StringRoom,
  readers: readonly DynamicEntry[],
  run: number,
  value: Buffer,
): Splice[] {
  const at = dynamic.strings.start + run;
  const text = decodeBytes(Buffer.concat([value, Buffer.alloc(1)]));
  return [
    { start: at, end: at + value.length + 1, text },
    ...readers.map((tag) => repointed(elf, tag, run)),
    ...blanked(dynamic, start, room, readers.length),
  ];
}

/** The edit after which a tag reads the string at `offset` of the table. */
export function repointed({ is64, isLittleEndian }: Elf, { valueAt }: DynamicEntry, offset: number): Splice {
  const width = is64 ? 8 : 4;
  const text = decodeBytes(numberBytes(offset, width, isLittleEndian));
  return { start: valueAt, end: valueAt + width, text };
}

/** The edit that removes a string whose `readers` went elsewhere; none where somebody else reads it, or it is the end of another. */
export function blanked(dynamic: Dynamic, start: number, room: StringRoom, readers: number): Splice[] {
  if (room.room < 1 || readers < room.users.length) return [];
  return [fill(dynamic, start, room, Buffer.alloc(0))];
}
