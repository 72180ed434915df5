/** Puts the manifest of a pack together. */
import { hash } from 'node:crypto';
import { compareBytes } from '../formats/byte-text.ts';
import { digestList, renderList } from '../formats/install-lists.ts';
import { manifestBytes, requireManifestReads } from '../formats/manifest-json.ts';
import { checkManifest } from '../formats/manifest-rules.ts';
import { installScript } from '../io/install-script.ts';
import {
  OWN_PATHS,
  type FileEntry,
  type LeftReference,
  type Manifest,
  type Ownership,
  type Requirements,
} from '../model/manifest.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { PLACEHOLDER, type Refusal } from '../model/plan.ts';
import type { Prefix } from '../model/prefix.ts';
import type { ScanSummary } from '../model/scan.ts';
import { VERSION } from '../model/version.ts';
import type { Listing } from './pack-entries.ts';

export interface ManifestParts {
  readonly tree: { readonly name: string; readonly version: string };
  readonly root: Ownership & { readonly mode: number };
  readonly areAttributesKnown: boolean;
  readonly prefixes: readonly Prefix[];
  /** Those of the prefixes that are still named. */
  readonly origins: ReadonlySet<AbsolutePath>;
  readonly listing: Listing;
  readonly requirements: Requirements;
  readonly summary: ScanSummary;
  readonly refusals: readonly Refusal[];
  readonly volatile: readonly string[];
}

/** The files of relocate itself, with the manifest first, in the order of the archive. */
export interface OwnFiles {
  readonly manifest: Manifest;
  readonly files: readonly { readonly path: TreePath; readonly bytes: Buffer }[];
}

/**
 * Makes the manifest and the lists for install.sh. A prefix of the build is named only where something in the archive names it anyway, so
 * that the same build made at two places gives the same bytes.
 */
export function assembleManifest(parts: ManifestParts): OwnFiles {
  const entries = parts.listing.packed.map(({ entry }) => entry);
  const files = entries.filter((entry): entry is FileEntry => entry.type === 'file');
  const frame: Manifest = {
    version: 1,
    tool: { name: 'relocate', version: VERSION },
    tree: parts.tree,
    placeholder: PLACEHOLDER,
    origins: originsOf(parts),
    root: parts.root,
    attributes: parts.areAttributesKnown ? 'recorded' : 'unknown',
    own: [],
    totals: { entries: entries.length, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) },
    requirements: parts.requirements,
    maxPrefixBytes: parts.summary.maxPrefixBytes,
    volatile: parts.volatile,
    leftOut: parts.listing.leftOut,
    refusals: gather(parts.refusals, new Set(entries.map(({ path }) => path))),
    entries,
  };
  const helpers = [
    { path: OWN_PATHS.installScript, bytes: installScript() },
    { path: OWN_PATHS.renderList, bytes: renderList(frame) },
  ];
  const own = helpers.map(({ path, bytes }) => ({ path, size: bytes.length, sha256: hash('sha256', bytes) }));
  const manifest = { ...frame, own };
  const bytes = Buffer.concat([...manifestBytes(manifest)]);
  // what install would refuse is not written
  requireManifestReads(bytes);
  checkManifest(manifest);
  const digests = { path: OWN_PATHS.digestList, bytes: digestList(manifest, hash('sha256', bytes)) };
  return { manifest, files: [{ path: OWN_PATHS.manifest, bytes }, ...helpers, digests] };
}

function originsOf({ prefixes, origins }: ManifestParts): Manifest['origins'] {
  return prefixes
    .filter(({ path }) => origins.has(path))
    .map(({ path, base }) => ({ path, base }))
    .sort((a, b) => compareBytes(a.path, b.path));
}

/** One line for all references of a file that stay for the same reason. What leads outside stands in the requirements. */
function gather(refusals: readonly Refusal[], packed: ReadonlySet<string>): LeftReference[] {
  const gathered = new Map<string, LeftReference>();
  for (const { reference, reason } of refusals) {
    const { file, code } = reference;
    if (reason === 'outside' || !packed.has(file)) continue;
    const key = `${file}\0${code}\0${reason}`;
    gathered.set(key, { file, code, reason, count: (gathered.get(key)?.count ?? 0) + 1 });
  }
  return [...gathered.values()].sort(
    (a, b) => compareBytes(a.file, b.file) || compareBytes(a.code, b.code) || compareBytes(a.reason, b.reason),
  );
}
