/** What an installed tree keeps of its install in `.relocate/`, and how it is read again. */
import { createHash } from 'node:crypto';
import { closeSync, fchmodSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { parseRenderedList, RENDERED_LIST } from '../formats/rendered-list.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import type { InstallReceipt } from '../model/install.ts';
import { asTreePath, normalizeAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import { errorCode, hostPath } from './entries.ts';
import { ManifestBytes, ManifestStore } from './manifest-store.ts';
import { readSmallFile, smallFilePieces } from './small-file.ts';
import type { Staging } from './staging.ts';
import { TREE_MEMORY } from './tree-memory.ts';

/** Bytes: a manifest of some million entries. */
const LIMIT = 512 * 1024 * 1024;

export const RECEIPT: TreePath = asTreePath('.relocate/receipt.json');

/** The manifest of a tree, checked, to be closed; null where it has none. Throws ArchiveError where it can't be believed. */
export function readInstalledManifest(tree: AbsolutePath): ManifestStore | null {
  const bytes = new ManifestBytes();
  try {
    if (tryEachPiece(tree, (piece) => bytes.append(piece))) return new ManifestStore(bytes);
  } catch (error) {
    bytes.close();
    throw error;
  }
  bytes.close();
  return null;
}

/** sha256 (hex) of the manifest that a tree holds; null where it has none. */
export function readInstalledManifestDigest(tree: AbsolutePath): string | null {
  const digest = createHash('sha256');
  return tryEachPiece(tree, (piece) => void digest.update(piece)) ? digest.digest('hex') : null;
}

/** Takes the manifest of a tree piece by piece; false where it has none. */
function tryEachPiece(tree: AbsolutePath, take: (piece: Buffer) => void): boolean {
  const pieces = trying(() => smallFilePieces(hostPath(tree, OWN_PATHS.manifest), LIMIT));
  if (pieces === null) return false;
  for (const piece of pieces) take(piece);
  return true;
}

/** The records of an install. */
export interface InstallRecords {
  readonly manifest: Iterable<Buffer>;
  /** Text of rendered.list and tree.json. */
  readonly rendered: string;
  readonly memory: string;
  readonly receipt: InstallReceipt;
}

/** Writes the records into a staged tree; the receipt comes last, since it says that the tree is complete. */
export function writeInstallRecords(staging: Staging, records: InstallRecords): void {
  const write = (path: TreePath, bytes: Buffer | string): void => {
    writeFileSync(staging.at(path), bytes, { flag: 'wx', mode: 0o644 });
    staging.setMode(path, 0o644);
  };
  writePieces(staging.at(OWN_PATHS.manifest), records.manifest);
  write(RENDERED_LIST, records.rendered);
  write(TREE_MEMORY, records.memory);
  staging.setMode(OWN_PATHS.folder, 0o755);
  write(RECEIPT, `${JSON.stringify(records.receipt, null, 2)}\n`);
}

/** Digests of the files that were filled in. */
export function readRenderedDigests(tree: AbsolutePath): ReadonlyMap<TreePath, string> {
  return parseRenderedList(tryRead(tree, RENDERED_LIST)?.toString('latin1') ?? '');
}

/** The receipt of an install; null where the tree has none that can be understood (install.sh writes none). */
export function readInstallReceipt(tree: AbsolutePath): InstallReceipt | null {
  const bytes = tryRead(tree, RECEIPT);
  if (bytes === null) return null;
  try {
    const receipt: unknown = JSON.parse(bytes.toString('utf8'));
    return isReceipt(receipt) ? receipt : null;
  } catch {
    return null;
  }
}

function isReceipt(value: unknown): value is InstallReceipt {
  if (typeof value !== 'object' || value === null) return false;
  const { version, manifest, place, pythons } = value as Partial<Record<keyof InstallReceipt, unknown>>; // fields are looked at one by one
  return (
    version === 1 &&
    typeof manifest === 'string' &&
    typeof place === 'string' &&
    normalizeAbsolute(place) === place &&
    Array.isArray(pythons)
  );
}

function writePieces(place: Buffer, pieces: Iterable<Buffer>): void {
  const file = openSync(place, 'wx', 0o644);
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
    fchmodSync(file, 0o644);
  } finally {
    closeSync(file);
  }
}

function tryRead(tree: AbsolutePath, path: TreePath): Buffer | null {
  return trying(() => readSmallFile(hostPath(tree, path), LIMIT));
}

/** Null where there is no such file. */
function trying<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null;
    throw error;
  }
}
