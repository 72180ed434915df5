/**
 * The manifest as bytes: canonical JSON, the entries one on each line, so that a reader with little memory can take them one by
 * one. What is read must be exactly what would be written: that leaves no room for doubled keys or hidden fields.
 */
import { isUtf8 } from 'node:buffer';
import { ArchiveError } from '../model/errors.ts';
import type { ManifestEntry } from '../model/manifest-entry.ts';
import type { Manifest, ManifestHead } from '../model/manifest.ts';
import { canonicalJson } from './canonical-json.ts';
import { entryShape, manifestShape } from './manifest-shape.ts';
import { ShapeError, type Shape } from './shape.ts';

/** Where the entries stand in the first line. No string can hold this: its quotes would be escaped. */
const ENTRIES = '"entries":[';

/** The bytes of a manifest, in pieces of a bounded number of lines. */
export function* manifestBytes(manifest: Manifest): Generator<Buffer> {
  const [first, last] = manifestFrame(manifest);
  let text = `${first}\n`;
  for (const [index, entry] of manifest.entries.entries()) {
    text += `${canonicalJson(entry)}${index + 1 < manifest.entries.length ? ',' : ''}\n`;
    if (text.length < 65536) continue;
    yield Buffer.from(text, 'utf8');
    text = '';
  }
  yield Buffer.from(`${text}${last}\n`, 'utf8');
}

/** The lines before and behind the entries. */
export function manifestFrame(head: ManifestHead): readonly [first: string, last: string] {
  const frame = canonicalJson({ ...head, entries: [] });
  const split = frame.indexOf(`${ENTRIES}]`) + ENTRIES.length;
  return [frame.slice(0, split), frame.slice(split)];
}

/**
 * Reads a manifest and checks its shape, not yet what it says (see manifest-rules.ts).
 * @throws ArchiveError with `manifest-json`, `manifest-version`, `manifest-shape` or `manifest-not-canonical`
 */
export function parseManifest(bytes: Buffer): Manifest {
  if (!isUtf8(bytes)) throw new ArchiveError('manifest-json', 'the manifest is not UTF-8');
  const first = bytes.indexOf(0x0a);
  const last = bytes.lastIndexOf(0x0a, -2);
  if (first < 0 || last < first || bytes.at(-1) !== 0x0a)
    throw new ArchiveError('manifest-json', 'the manifest is not laid out in lines');
  const head = parseFrame(bytes.toString('utf8', 0, first), bytes.toString('utf8', last + 1, bytes.length - 1));
  const entries: ManifestEntry[] = [];
  for (let at = first + 1; at <= last;) {
    const end = bytes.indexOf(0x0a, at);
    entries.push(parseEntryLine(bytes.toString('utf8', at, end), entries.length, end === last));
    at = end + 1;
  }
  return { ...head, entries };
}

/**
 * Reads the lines before and behind the entries.
 * @throws what `parseManifest` throws
 */
export function parseFrame(first: string, last: string): ManifestHead {
  if (!first.endsWith(ENTRIES))
    throw new ArchiveError('manifest-json', 'the manifest does not begin with a line up to its entries');
  const frame = parseLine(first + last, 'the manifest');
  requireVersion(frame);
  requireShape<Manifest>(manifestShape, frame, '', first + last);
  const { entries: _, ...head } = frame;
  return head;
}

/**
 * Reads the line of one entry.
 * @throws what `parseManifest` throws
 */
export function parseEntryLine(line: string, index: number, isLast: boolean): ManifestEntry {
  const where = `entries[${index}]`;
  if (line.endsWith(',') === isLast)
    throw new ArchiveError('manifest-json', `the commas between the entries of the manifest are wrong at ${where}`);
  const text = isLast ? line : line.slice(0, -1);
  const entry = parseLine(text, where);
  requireShape<ManifestEntry>(entryShape, entry, where, text);
  return entry;
}

function parseLine(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ArchiveError(
      'manifest-json',
      `${where} is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function requireVersion(frame: unknown): void {
  const version = typeof frame === 'object' && frame !== null && 'version' in frame ? frame.version : undefined;
  if (version !== 1)
    throw new ArchiveError(
      'manifest-version',
      `the manifest has version ${JSON.stringify(version)}, and this relocate reads version 1; use a newer relocate`,
    );
}

function requireShape<T>(shape: Shape<T>, value: unknown, where: string, text: string): asserts value is T {
  try {
    shape.check(value, where);
  } catch (error) {
    if (error instanceof ShapeError) throw new ArchiveError('manifest-shape', `in the manifest ${error.message}`);
    throw error;
  }
  if (canonicalJson(value) !== text)
    throw new ArchiveError(
      'manifest-not-canonical',
      `${where === '' ? 'the manifest' : where} is not in the canonical form`,
    );
}
