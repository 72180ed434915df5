/** The members of an `ar` archive (a static library). Source: System V and BSD `struct ar_hdr` of ar.h. */
import type { ByteSource } from './byte-source.ts';

export interface ArMember {
  /** As its header has it, blanks at the end cut off: `x.o/`, `//` for the table of long names, `/` for the index of symbols. */
  readonly name: string;
  /** File offsets of its content. */
  readonly start: number;
  readonly end: number;
}

const MAGIC = '!<arch>\n';
/** Members of a thin archive stay in files of their own: the archive has their names alone. */
const THIN_MAGIC = '!<thin>\n';
const HEADER_BYTES = 60;
/** The first byte of both: `!`. */
export const AR_START = 0x21;

/** Whether a file begins as an archive of object files does (a Debian package does too, and is none). */
export function isAr(head: Buffer): boolean {
  // asked of many files: `!<`
  if (head[0] !== AR_START || head[1] !== 0x3c) return false;
  const magic = head.toString('latin1', 0, 8);
  return magic === THIN_MAGIC || (magic === MAGIC && !head.toString('latin1', 8, 14).startsWith('debian'));
}

/** The members, in order, up to the first header that is none. */
export function arMembers(source: ByteSource): ArMember[] {
  const members: ArMember[] = [];
  const isThin = source.region(0, 8).toString('latin1') === THIN_MAGIC;
  for (let at = MAGIC.length; at + HEADER_BYTES <= source.size;) {
    const header = source.region(at, at + HEADER_BYTES).toString('latin1');
    const size = Number(header.slice(48, 58).trim());
    if (!header.endsWith('`\n') || !Number.isSafeInteger(size) || size < 0) break;
    const name = header.slice(0, 16).trimEnd();
    const content = at + HEADER_BYTES;
    const held = isThin && !TABLES.has(name) ? 0 : size;
    // BSD: `#1/20` says that the name is the first 20 bytes of the content
    const named = /^#1\/(\d+)$/.exec(name)?.[1] ?? '0';
    const end = Math.min(content + held, source.size);
    members.push({ name, start: Math.min(content + Number(named), end), end });
    at = content + held + (held % 2);
  }
  return members;
}

const TABLES: ReadonlySet<string> = new Set(['/', '//', '/SYM64/']);
