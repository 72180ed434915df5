/**
 * Where a path begins and ends in bytes. The rule, for a prefix `/srv/site`: `/srv/site2`, `/srv/site-old`, `/srv/site.bak` and
 * `/mnt/srv/site` are other paths; `-I/srv/site`, `"/srv/site`, `file:///srv/site` and `/srv/site.` at the end of a sentence are hits.
 */
import type { Escaping } from '../model/reference.ts';
import { LONGEST_UNIT, unitAt, unitBefore, type PathUnit, type UnitKind } from './path-units.ts';
import { unitWidth } from './wide.ts';

/** How many units the check looks back over a name. Longer names do not exist (NAME_MAX is 255; four times that for escapes). */
const LOOK_BEHIND = 1024;
/** How many bytes it looks ahead. */
export const LOOK_AHEAD = 64;

/** `ambiguous`: a `$` follows, which may end the path (a variable) or be part of a name; or a byte that is no UTF-8 stands there. */
export type AfterVerdict = 'ends' | 'continues' | 'ambiguous';
/** `continues`: what begins here is the tail of a longer path, or relative. `ambiguous`: behind a byte that is no UTF-8. */
export type BeforeVerdict = 'starts' | 'continues' | 'ambiguous';

/** What the bytes at `end`, just behind a written prefix, say of it. They are looked at up to `stop`, as if the file ended there. */
export function pathEndsAt(bytes: Buffer, end: number, escaping: Escaping, stop: number = bytes.length): AfterVerdict {
  const limit = Math.min(stop, end + LOOK_AHEAD);
  const first = unitAt(bytes, end, limit, escaping);
  if (first === null) return 'ends';
  switch (first.kind) {
    case 'letter':
      return isZipHeader(bytes, end, limit) ? 'ends' : 'continues';
    case 'dot':
      return behindDots(bytes, end, limit, escaping) === 'letter' ? 'continues' : 'ends';
    case 'dollar':
    case 'invalid':
      return 'ambiguous';
    default:
      return 'ends';
  }
}

/** A stored member of a zip ends where the next header begins (APPNOTE 4.3: `PK` and two control characters). */
function isZipHeader(bytes: Buffer, at: number, limit: number): boolean {
  return bytes[at] === 0x50 && at + 4 <= limit && /^PK[\x01-\x08]{2}$/.test(bytes.toString('latin1', at, at + 4));
}

/** The bytes that one more character of a path takes at an offset: of a name, or a slash. 0 where the path ends. */
export function pathGoesOnAt(bytes: Buffer, at: number, escaping: Escaping): number {
  const limit = Math.min(bytes.length, at + LOOK_AHEAD);
  const next = unitAt(bytes, at, limit, escaping);
  if (next === null) return 0;
  if (next.kind === 'letter') return isZipHeader(bytes, at, limit) ? 0 : next.length;
  if (next.kind === 'dot') return GOES_ON.has(behindDots(bytes, at, limit, escaping)) ? next.length : 0;
  // `%2F` is a slash in an escaped URL, but not in plain text
  return next.kind === 'slash' && (bytes[at] !== 0x25 || escaping.startsWith('percent')) ? next.length : 0;
}

/** What follows a run of dots: a path ends at the dots of prose (`.` and `...`), but not at those of `site.bak` or `/../`. */
function behindDots(bytes: Buffer, at: number, limit: number, escaping: Escaping): UnitKind | null {
  let next = unitAt(bytes, at, limit, escaping);
  let offset = at;
  while (next?.kind === 'dot') {
    offset += next.length;
    next = unitAt(bytes, offset, limit, escaping);
  }
  return next?.kind ?? null;
}

const GOES_ON: ReadonlySet<UnitKind | null> = new Set(['letter', 'slash']);

/** What the bytes before `start`, where a written prefix begins, say of it. They are looked at from `from` on, as if the file began there. */
export function whatStandsBefore(bytes: Buffer, start: number, escaping: Escaping, from = 0): BeforeVerdict {
  if (start === from) return 'starts';
  const back = backwards(bytes, start, escaping, from);
  let name = '';
  for (let unit = back.next(); unit !== null; unit = back.next()) {
    if (unit.kind === 'slash') return afterSlash(back, name);
    if (unit.kind === 'invalid') return 'ambiguous';
    if (unit.kind !== 'letter' && unit.kind !== 'dot') break;
    name = String.fromCodePoint(unit.code) + name;
  }
  return /^\.{1,2}$|^~/.test(name) ? 'continues' : 'starts';
}

/** A slash stands before the prefix, or before the name that stands before it. */
function afterSlash(back: Backwards, name: string): BeforeVerdict {
  let slashes = 1;
  let unit = back.next();
  for (; unit?.kind === 'slash'; unit = back.next()) slashes++;
  if (name !== '')
    return slashes === 2 && unit?.kind === 'colon' && name === 'localhost' && scheme(back) === 'file'
      ? 'starts'
      : 'continues';
  if (unit === null) return 'starts';
  // `file:///srv/site` is a hit; in `http://srv/site` the first name is a host; `PATH=/bin://srv/site` is a list
  if (unit.kind === 'colon') return slashes === 1 && scheme(back) !== null ? 'continues' : 'starts';
  if (unit.kind === 'invalid') return 'ambiguous';
  return unit.kind === 'letter' || unit.kind === 'dot' ? 'continues' : 'starts';
}

/** The scheme of a URL whose colon was just read (RFC 3986, section 3.1); null where a path or nothing stands before it. */
function scheme(back: Backwards): string | null {
  let text = '';
  let unit = back.next();
  for (; unit?.kind === 'letter' || unit?.kind === 'dot'; unit = back.next())
    text = String.fromCodePoint(unit.code) + text;
  return unit?.kind !== 'slash' && /^[a-z][a-z0-9+.-]+$/i.test(text) ? text.replace(/^.*\+/, '').toLowerCase() : null;
}

interface Backwards {
  /** The next unit to the left; null at the start of the bytes or of what may be looked at. */
  next(): PathUnit | null;
}

function backwards(bytes: Buffer, start: number, escaping: Escaping, from: number): Backwards {
  const floor = Math.max(from, start - LOOK_BEHIND * unitWidth(escaping));
  let at = start;
  return {
    next: () => {
      const unit = unitBefore(bytes, at, floor, escaping);
      if (unit !== null) at -= unit.length;
      return unit;
    },
  };
}

/** Bytes around a hit that the checks may look at: more of them change no verdict. */
export const BOUNDARY_MARGIN: { readonly behind: number; readonly ahead: number } = {
  behind: LOOK_BEHIND * 4,
  ahead: LOOK_AHEAD + LONGEST_UNIT,
};
