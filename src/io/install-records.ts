/** What an installed tree keeps of its install in `.relocate/`, and how it is read again. */
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseRenderedList, RENDERED_LIST } from '../formats/rendered-list.ts';
import { parseManifest } from '../formats/manifest-json.ts';
import { checkManifest } from '../formats/manifest-rules.ts';
import { OWN_PATHS, type Manifest } from '../model/manifest.ts';
import type { InstallReceipt } from '../model/install.ts';
import { asTreePath, normalizeAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import { errorCode, hostPath } from './entries.ts';
import { readSmallFile } from './small-file.ts';
import type { Staging } from './staging.ts';
import { TREE_MEMORY } from './tree-memory.ts';

/** Bytes: a manifest of some million entries. */
const LIMIT = 512 * 1024 * 1024;

export const RECEIPT: TreePath = asTreePath('.relocate/receipt.json');

/** The manifest of a tree, checked; null where it has none. Throws ArchiveError where it can't be believed. */
export function readInstalledManifest(tree: AbsolutePath): Manifest | null {
  const bytes = tryRead(tree, OWN_PATHS.manifest);
  if (bytes === null) return null;
  const manifest = parseManifest(bytes);
  checkManifest(manifest);
  return manifest;
}

/** sha256 (hex) of the manifest that a tree holds; null where it has none. */
export function readInstalledManifestDigest(tree: AbsolutePath): string | null {
  const bytes = tryRead(tree, OWN_PATHS.manifest);
  return bytes === null ? null : hash('sha256', bytes);
}

/** The records of an install. */
export interface InstallRecords {
  readonly manifest: Buffer;
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
  write(OWN_PATHS.manifest, records.manifest);
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

function tryRead(tree: AbsolutePath, path: TreePath): Buffer | null {
  try {
    return readSmallFile(hostPath(tree, path), LIMIT);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null;
    throw error;
  }
}
