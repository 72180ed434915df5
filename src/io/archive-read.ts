/** Opens an archive: the manifest first, then every entry, held against it. What is read is never believed before it is checked. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { showBytes } from '../formats/byte-text.ts';
import { manifestEntryDiffers, requireManifestHeader } from '../formats/archive-agreement.ts';
import { ownEntry, tarEntry, type TarEntry } from '../formats/tar-entry.ts';
import { writeHeader } from '../formats/tar-write.ts';
import { ArchiveError, UsageError } from '../model/errors.ts';
import type { ManifestEntry } from '../model/manifest-entry.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import { ManifestBytes, ManifestStore } from './manifest-store.ts';
import { reasonOf } from './reasons.ts';
import { detectCompression, framesOf, type ArchiveFile } from './frames.ts';
import { TarStream } from './tar-stream.ts';

/** The largest manifest that is read: over a million entries. */
const MANIFEST_LIMIT = 448 * 1024 * 1024;

/** Owner, group and others may run install.sh and read the rest. */
export const OWN_MODES: Readonly<Record<'script' | 'list', number>> = { script: 0o755, list: 0o644 };

export interface ReadEntry {
  readonly entry: ManifestEntry;
  /** A file's contents; to be taken whole before the next entry is asked for. */
  readonly pieces: AsyncIterable<Buffer>;
}

export interface OpenArchive {
  readonly manifest: ManifestStore;
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
  let manifest: ManifestStore | undefined;
  try {
    const { size } = fstatSync(descriptor);
    if (options.digest !== undefined) await requireDigest(descriptor, size, options.digest);
    const compression = detectCompression(descriptor);
    const file = { descriptor, size, compression };
    const stream = new TarStream(framesOf(file, options.jobs));
    manifest = await readManifest(stream);
    for (const { path, size: bytes, sha256 } of manifest.head.own)
      await requireOwn(
        stream,
        ownEntry(path, bytes, path === OWN_PATHS.installScript ? OWN_MODES.script : OWN_MODES.list),
        sha256,
      );
    await requireDigestList(stream, manifest);
    const read = manifest;
    return {
      manifest: read,
      file,
      begin: stream.position,
      entries: () => readEntries(stream, read, options.signal),
      close: () => {
        read.close();
        closeSync(descriptor);
      },
    };
  } catch (error) {
    manifest?.close();
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

async function readManifest(stream: TarStream): Promise<ManifestStore> {
  const entry = await stream.next();
  requireManifestHeader(entry);
  if (entry.size > MANIFEST_LIMIT)
    throw new ArchiveError(
      'manifest-too-large',
      `${OWN_PATHS.manifest} has ${entry.size} bytes; relocate reads up to ${MANIFEST_LIMIT}`,
    );
  const bytes = new ManifestBytes();
  try {
    for await (const piece of stream.pieces()) bytes.append(piece);
    return new ManifestStore(bytes);
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/** A file of relocate itself. */
async function requireOwn(stream: TarStream, expected: TarEntry, sha256: string): Promise<void> {
  requireAgreement(expected, await stream.next());
  if ((await digestOf(stream)) !== sha256)
    throw new ArchiveError('entry-digest', `${expected.path} is not the one that the manifest describes`);
}

/** The list must be the one that this manifest asks for: it tells the manifest's own digest. */
async function requireDigestList(stream: TarStream, { digestList }: ManifestStore): Promise<void> {
  const { digestList: path } = OWN_PATHS;
  requireAgreement(ownEntry(path, digestList.size, OWN_MODES.list), await stream.next());
  if ((await digestOf(stream)) !== digestList.sha256)
    throw new ArchiveError('manifest-digest', `${path} does not fit the manifest: the archive is damaged`);
}

async function digestOf(stream: TarStream): Promise<string> {
  const digest = createHash('sha256');
  for await (const piece of stream.pieces()) digest.update(piece);
  return digest.digest('hex');
}

async function* readEntries(
  stream: TarStream,
  manifest: ManifestStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReadEntry, void, void> {
  for (const entry of manifest.entries()) {
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
