/** Works out what `--repack` makes of a zip: the text of its members with another place in it, its RECORD, and the splices for all that. */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { MemberHit } from '../formats/archive-findings.ts';
import { writeAbsolute } from '../formats/absolute-form.ts';
import { decodeBytes } from '../formats/byte-text.ts';
import { findHits, type Hit, type Needles } from '../formats/needles.ts';
import { parseRecord } from '../formats/record.ts';
import { applySplices, mergeSplices } from '../formats/splices.ts';
import { structuredFormat } from '../formats/structured.ts';
import { ENCRYPTED, zipEntries, type ZipEntry } from '../formats/zip-entries.ts';
import { inflateEntry } from '../formats/zip-inflate.ts';
import { repackZip } from '../formats/zip-repack.ts';
import { joinAbsolute, type AbsolutePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import { absoluteForm } from './claims.ts';
import { memberView } from './member-view.ts';
import type { FileView } from './rule.ts';
import { serializedByPhp } from './serialized-by-php.ts';
import { withEscapings } from './true-escaping.ts';

/** What is rewritten, and how: the same splices for every path in the archive. */
export interface Repacking {
  readonly destination: AbsolutePath;
  readonly splices: readonly Splice[];
  /** Whether a path in a member says the destination afterwards. */
  writes(hit: MemberHit): boolean;
}

/** Why an archive is left as it is. */
export interface Obstacle {
  readonly obstacle: string;
}

/** Members larger than this stay, and so does an archive in which more than this would be written. */
const LARGEST = 16 * 1024 * 1024;
const LARGEST_SUM = 64 * 1024 * 1024;

/** Plans the rewriting of the members in which something was found. */
export function repacking(
  view: FileView,
  found: readonly MemberHit[],
  needles: Needles,
  destination: AbsolutePath,
): Repacking | Obstacle {
  const read = (start: number, end: number): Buffer => view.region(start, end);
  const listed = zipEntries(read, view.size);
  if (listed === null || listed.broken > 0) return { obstacle: 'the archive is damaged' };
  if (listed.entries.some(isSignature)) return { obstacle: 'it is signed: a change would break the signature' };
  const wanted = new Set(found.map(({ member }) => member));
  const contents = new Map<ZipEntry, Buffer>();
  const written = new Set<string>();
  for (const entry of listed.entries) {
    const name = decodeBytes(entry.name);
    const content = wanted.has(name) && isRewritable(entry) ? inflateEntry(read, entry) : null;
    if (content === null) continue;
    const { bytes, starts } = rewritten(name, content, needles, destination);
    for (const start of starts) written.add(`${name}\0${start}`);
    if (!bytes.equals(content)) contents.set(entry, bytes);
  }
  followRecords(read, listed.entries, contents);
  if ([...contents.values()].reduce((sum, { length }) => sum + length, 0) > LARGEST_SUM)
    return { obstacle: 'more than 64 MiB of it would be written anew' };
  const splices = contents.size === 0 ? [] : repackZip(read, view.size, contents);
  if (splices === null) return { obstacle: 'the zip has no room for its new sizes and offsets' };
  return { destination, splices, writes: ({ member, start }) => written.has(`${member}\0${start}`) };
}

/** JAR File Specification, "Signed JAR File". */
function isSignature({ name }: ZipEntry): boolean {
  return /^META-INF\/[^/]*\.(SF|RSA|DSA|EC)$/i.test(name.toString('latin1'));
}

function isRewritable({ method, flags, size }: ZipEntry): boolean {
  return (method === 0 || method === 8) && (flags & ENCRYPTED) === 0 && size <= LARGEST;
}

/** The new bytes of a member, and where the paths begin that say the destination in it. What is not text stays. */
function rewritten(
  name: string,
  content: Buffer,
  needles: Needles,
  destination: AbsolutePath,
): { readonly bytes: Buffer; readonly starts: readonly number[] } {
  const view = memberView(name, content);
  if (!view.isText || !isUtf8(content) || structuredFormat(view.head) !== null) return { bytes: content, starts: [] };
  const isSerialized = serializedByPhp(view);
  const hits = findHits(content, needles).filter((hit) => !hit.ambiguous && !isSerialized(hit));
  const starts: number[] = [];
  const splices: Splice[] = [];
  for (const { hit, escaping } of withEscapings(view, hits)) {
    const form = writeAbsolute(absoluteForm(hit, escaping), destination);
    if (!form.ok) continue;
    starts.push(hit.start);
    if (!saysAlready(hit, destination)) splices.push(...form.splices);
  }
  return { bytes: applySplices(content, mergeSplices(splices)), starts };
}

function saysAlready({ prefix }: Hit, destination: AbsolutePath): boolean {
  return joinAbsolute(destination, prefix.base) === prefix.path;
}

/** The rows of a wheel's RECORD that name changed members. */
function followRecords(
  read: (start: number, end: number) => Buffer,
  entries: readonly ZipEntry[],
  contents: Map<ZipEntry, Buffer>,
): void {
  const changed = new Map([...contents].map(([entry, bytes]) => [entry.name.toString('latin1'), bytes]));
  for (const entry of entries) {
    if (!/^[^/]+\.dist-info\/RECORD$/.test(entry.name.toString('latin1')) || !isRewritable(entry)) continue;
    const bytes = contents.get(entry) ?? inflateEntry(read, entry);
    if (bytes === null) continue;
    const splices = parseRecord(bytes.toString('latin1')).flatMap(({ path, digest, size }): Splice[] => {
      const content = changed.get(path);
      if (content === undefined || digest[0] === digest[1]) return [];
      const sha256 = createHash('sha256').update(content).digest('base64url');
      return [
        { start: digest[0], end: digest[1], text: `sha256=${sha256}` },
        { start: size[0], end: size[1], text: String(content.length) },
      ];
    });
    if (splices.length > 0) contents.set(entry, applySplices(bytes, splices));
  }
}
