/** Opens an archive: the manifest first, then every entry, held against it. What is read is never believed before it is checked. */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { showBytes } from '../formats/byte-text.ts';
import { digestList } from '../formats/install-lists.ts';
import { manifestEntryDiffers, requireManifestHeader } from '../formats/archive-agreement.ts';
import { parseManifest } from '../formats/manifest-json.ts';
import { checkManifest, type EntryIndex } from '../formats/manifest-rules.ts';
import { ownEntry, tarEntry, type TarEntry } from '../formats/tar-entry.ts';
import { writeHeader } from '../formats/tar-write.ts';
import { ArchiveError, UsageError } from '../model/errors.ts';
import { OWN_PATHS, type Manifest, type ManifestEntry, type OwnFile } from '../model/manifest.ts';
import { reasonOf } from './reasons.ts';
import { detectCompression, framesOf, type ArchiveFile } from './frames.ts';
import { TarStream } from './tar-stream.ts';

/** The largest manifest or list that is held in memory: over a million entries, and less than the longest string of V8. */
const OWN_LIMIT = 448 * 1024 * 1024;

/** Owner, group and others may run install.sh and read the rest. */
export const OWN_MODES: Readonly<Record<'script' | 'list', number>> = { script: 0o755, list: 0o644 };

export interface ReadEntry {
  readonly entry: ManifestEntry;
  /** A file's contents; to be taken whole before the next entry is asked for. */
  readonly pieces: AsyncIterable<Buffer>;
}

export interface OpenArchive {
  readonly manifest: Manifest;
  readonly index: EntryIndex;
  /** The bytes of the manifest, and their sha256 (hex): it stands for all that the archive holds. */
  readonly manifestBytes: Buffer;
  readonly manifestDigest: string;
  /** relocate's own files by their path. */
  readonly own: ReadonlyMap<string, Buffer>;
  readonly file: ArchiveFile;
  /** Where the entries begin in the tar. */
  readonly begin: number;
  /**
   * All entries, once, in order, each file held against its digest behind its last piece.
   * Throws ArchiveError where one is not what the manifest says, or the archive does not end well.
   */
  entries(): AsyncGenerator<ReadEntry, void, void>;
  close(): void;
}

export interface ReadOptions {
  /** Frames that are inflated at a time. */
  readonly jobs: number;
  /** sha256 (hex) that the file must have: checked before anything in it is looked at. */
  readonly digest?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens an archive and reads its manifest.
 * @throws UsageError where there is no such file; ArchiveError where it is not to be believed
 */
export async function openArchive(path: Buffer, options: ReadOptions): Promise<OpenArchive> {
  const descriptor = openFile(path);
  try {
    const { size } = fstatSync(descriptor);
    if (options.digest !== undefined) await requireDigest(descriptor, size, options.digest);
    const compression = detectCompression(descriptor);
    const file = { descriptor, size, compression };
    const stream = new TarStream(framesOf(file, options.jobs));
    const manifestBytes = await readManifest(stream);
    const manifest = parseManifest(manifestBytes);
    const index = checkManifest(manifest);
    const manifestDigest = hash('sha256', manifestBytes);
    const own = new Map<string, Buffer>();
    for (const file of manifest.own) own.set(file.path, await readOwn(stream, file));
    await requireDigestList(stream, digestList(manifest, manifestDigest));
    return {
      manifest,
      index,
      manifestBytes,
      manifestDigest,
      own,
      file,
      begin: stream.position,
      entries: () => readEntries(stream, manifest, options.signal),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openFile(path: Buffer): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new UsageError(`the archive ${showBytes(path.toString())} can't be opened: ${reasonOf(error)}`);
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new UsageError(`${showBytes(path.toString())} is no regular file; name the archive that pack wrote`);
}

/** Authenticates the file as a whole. */
async function requireDigest(descriptor: number, size: number, expected: string): Promise<void> {
  const digest = createHash('sha256');
  for await (const bytes of framesOf({ descriptor, size, compression: 'none' }, 1)) digest.update(bytes);
  const actual = digest.digest('hex');
  if (actual !== expected.toLowerCase())
    throw new ArchiveError(
      'archive-digest',
      `the archive has the sha256 ${actual}, and ${expected} was asked for; nothing of it was used`,
    );
}

async function readManifest(stream: TarStream): Promise<Buffer> {
  const entry = await stream.next();
  requireManifestHeader(entry);
  return readWhole(stream, entry.size, OWN_PATHS.manifest);
}

async function readOwn(stream: TarStream, file: OwnFile): Promise<Buffer> {
  const expected = ownEntry(
    file.path,
    file.size,
    file.path === OWN_PATHS.installScript ? OWN_MODES.script : OWN_MODES.list,
  );
  requireAgreement(expected, await stream.next());
  const bytes = await readWhole(stream, file.size, file.path);
  if (hash('sha256', bytes) !== file.sha256)
    throw new ArchiveError('entry-digest', `${file.path} is not the one that the manifest describes`);
  return bytes;
}

/** The list must be the one that this manifest asks for: it tells the manifest's own digest. */
async function requireDigestList(stream: TarStream, expected: Buffer): Promise<void> {
  const { digestList: path } = OWN_PATHS;
  requireAgreement(ownEntry(path, expected.length, OWN_MODES.list), await stream.next());
  if (!(await readWhole(stream, expected.length, path)).equals(expected))
    throw new ArchiveError('manifest-digest', `${path} does not fit the manifest: the archive is damaged`);
}

async function readWhole(stream: TarStream, size: number, what: string): Promise<Buffer> {
  if (size > OWN_LIMIT)
    throw new ArchiveError('manifest-too-large', `${what} has ${size} bytes; relocate reads up to ${OWN_LIMIT}`);
  const pieces: Buffer[] = [];
  for await (const piece of stream.pieces()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

async function* readEntries(
  stream: TarStream,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReadEntry, void, void> {
  for (const entry of manifest.entries) {
    signal?.throwIfAborted();
    const expected = tarEntry(entry);
    // all that is left to check of a header that is the expected one, byte for byte, the manifest has passed
    if (!(await stream.nextIs(writeHeader(expected), expected.size))) requireAgreement(expected, await stream.next());
    if (entry.type !== 'file') {
      yield { entry, pieces: stream.pieces() };
      continue;
    }
    const pieces = checkedPieces(stream, entry.path, entry.sha256);
    yield { entry, pieces };
    // what was not taken is taken here: no file goes by unchecked
    for await (const _ of pieces) continue;
  }
  const more = await stream.next();
  if (more !== null)
    throw new ArchiveError(
      'entry-unlisted',
      `the archive holds '${showBytes(more.path)}', of which the manifest says nothing`,
    );
}

function requireAgreement(expected: TarEntry, found: TarEntry | null): asserts found is TarEntry {
  if (found === null)
    throw new ArchiveError(
      'entry-missing',
      `the archive ends before '${showBytes(expected.path)}', which the manifest lists`,
    );
  const differs = manifestEntryDiffers(expected, found);
  if (differs !== null) throw differs;
}

async function* checkedPieces(stream: TarStream, path: string, sha256: string): AsyncGenerator<Buffer, void, void> {
  const digest = createHash('sha256');
  for (let piece = await stream.piece(); piece !== null; piece = await stream.piece()) {
    digest.update(piece);
    yield piece;
  }
  if (digest.digest('hex') !== sha256)
    throw new ArchiveError(
      'entry-digest',
      `'${showBytes(path)}' does not have the digest that the manifest says: the archive is damaged`,
    );
}
