/** pack: a relocatable archive of a tree. The plan is applied to the stream; the tree itself is only read. */
import { availableParallelism } from 'node:os';
import { showBytes } from '../formats/byte-text.ts';
import { ownEntry, tarEntry } from '../formats/tar-entry.ts';
import { beginOutput, type ArchiveOutput } from '../io/archive-output.ts';
import { OWN_MODES } from '../io/archive-read.ts';
import { ArchiveWriter, type WrittenArchive } from '../io/archive-write.ts';
import { compressionFor, compressionOf, type CompressionName } from '../io/compression.ts';
import { readEntry } from '../io/entries.ts';
import { ownerNames } from '../io/owners.ts';
import { absolutePath } from '../io/places.ts';
import { readAttributes } from '../io/xattrs.ts';
import { ArchiveError, UsageError } from '../model/errors.ts';
import { OWN_PATHS, type LeftOut, type Manifest } from '../model/manifest.ts';
import { asTreePath, isInside, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Plan } from '../model/plan.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { prepareContents, type Contents } from './pack-contents.ts';
import { listEntries, ownership, type EntryOptions, type Listing } from './pack-entries.ts';
import { assembleManifest, type OwnFiles } from './pack-manifest.ts';
import { requirementsOf } from './pack-requirements.ts';
import { requireReadable } from './pack-verdicts.ts';
import { spoolVolatile } from './pack-volatile.ts';
import { plan, type Strategy } from './plan.ts';
import { scanWithDigests, type FullScan, type ScanOptions } from './scan.ts';
import { findTree } from './tree.ts';
import { checkArchive } from './verify-archive.ts';

export interface WriteOptions extends PaceOptions {
  /** The file to write; what was there is replaced when the new one is complete. */
  readonly output: string;
  /** By default what the file name says, else gzip. */
  readonly compression?: CompressionName;
  /** 1 (fast) to 9 (small), for gzip. */
  readonly level?: number;
  readonly jobs?: number;
  /** Globs of files that may change while they are packed. */
  readonly volatile?: readonly string[];
  readonly preserveOwner?: boolean;
  /** Seconds since the epoch: later times become this one (SOURCE_DATE_EPOCH). */
  readonly sourceDateEpoch?: number;
  readonly name?: string;
  readonly version?: string;
}

export type PackOptions = WriteOptions & Omit<ScanOptions, keyof WriteOptions> & Omit<Strategy, 'to'>;

/** What a pack came to. */
export interface PackReceipt {
  readonly version: 1;
  readonly archive: AbsolutePath;
  /** Bytes and sha256 (hex) of the file: `install` takes the digest to authenticate it. */
  readonly bytes: number;
  readonly sha256: string;
  readonly compression: CompressionName;
  readonly totals: Manifest['totals'];
  readonly maxPrefixBytes: number | null;
  /** Prefixes of the build that the archive still names. */
  readonly origins: Manifest['origins'];
  readonly requirements: Manifest['requirements'];
  readonly refusals: Manifest['refusals'];
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly string[];
}

/**
 * Scans a tree, plans with placeholders, and writes the archive.
 * @throws UsageError where a path can't be read or an option is wrong; StalePlanError where a file changes meanwhile; both leave no file
 * @example await pack('/srv/build/site', { output: 'site.tar.gz' });
 */
export async function pack(tree: string, options: PackOptions): Promise<PackReceipt> {
  const { onProgress: _, ...scanOptions } = options;
  const full = await scanWithDigests(tree, scanOptions);
  return packPlan(full, plan(full.scan, { ...options, to: 'placeholder' }), options);
}

/** Writes the archive of a scanned tree by a plan that was made with `to: 'placeholder'`. */
export async function packPlan(full: FullScan, planned: Plan, options: WriteOptions): Promise<PackReceipt> {
  requireReadable(full, options.volatile ?? []);
  if (isInside(absolutePath(options.output), full.scan.tree))
    throw new UsageError(
      `the archive can't be written into the tree that it holds; give a place outside ${full.scan.tree} with -o`,
    );
  const pace = new Pace(options, full.entries.length);
  const output = beginOutput(options.output);
  try {
    const spool = await spoolVolatile(full, options.volatile ?? [], () => output.copies(), pace);
    const contents = await prepareContents(full, planned, spool, pace);
    const { listing, own } = await describe(full, planned, contents, spool.vanished, options);
    const compression = options.compression ?? compressionFor(options.output) ?? 'gzip';
    const written = await write(output, compression, own, listing, contents, options, pace);
    await proofread(output, own, full, options);
    output.publish();
    return receipt(output, compression, written, own.manifest, [...full.scan.warnings, ...spool.warnings]);
  } finally {
    output.discard();
  }
}

async function describe(
  full: FullScan,
  planned: Plan,
  contents: Contents,
  vanished: ReadonlySet<TreePath>,
  options: WriteOptions,
): Promise<{ readonly listing: Listing; readonly own: OwnFiles }> {
  const { scan, entries } = full;
  const attributes = await readAttributes(scan.tree);
  const entryOptions: EntryOptions = {
    owners: options.preserveOwner === true ? ownerNames() : null,
    attributes,
    latest: options.sourceDateEpoch === undefined ? null : BigInt(options.sourceDateEpoch) * 1_000_000_000n,
  };
  const listing = listEntries(entries, scan.excluded, contents, vanished, entryOptions);
  const root = readEntry(findTree(scan.tree).real, asTreePath(''));
  const own = assembleManifest({
    tree: { name: options.name ?? '', version: options.version ?? '' },
    root: { mode: root.mode, ...ownership(root, entryOptions) },
    areAttributesKnown: attributes !== null,
    prefixes: scan.prefixes,
    origins: contents.origins,
    listing,
    requirements: requirementsOf(scan, listing.packed, contents),
    summary: scan.summary,
    refusals: planned.refusals,
    volatile: options.volatile ?? [],
  });
  return { listing, own };
}

async function write(
  output: ArchiveOutput,
  compression: CompressionName,
  own: OwnFiles,
  listing: Listing,
  contents: Contents,
  options: WriteOptions,
  pace: Pace,
): Promise<WrittenArchive> {
  const writer = new ArchiveWriter(
    output.descriptor,
    compressionOf(compression, options.level),
    options.jobs ?? availableParallelism(),
  );
  for (const { path, bytes } of own.files) {
    const mode = path === OWN_PATHS.installScript ? OWN_MODES.script : OWN_MODES.list;
    await writer.add(ownEntry(path, bytes.length, mode), [bytes]);
  }
  // relocate's own files stand in frames of their own: a reader gets at them without the rest
  await writer.cut();
  for (const { entry, seen } of listing.packed) {
    await writer.add(tarEntry(entry), entry.type === 'file' ? contents.fileOf(seen).pieces() : []);
    await pace.step(entry.type === 'file' ? entry.size : 0);
  }
  return writer.finish();
}

/** Reads the archive back as install would, and looks for prefixes of the build that the manifest does not tell of. */
async function proofread(
  output: ArchiveOutput,
  own: OwnFiles,
  { scan }: FullScan,
  options: WriteOptions,
): Promise<void> {
  const { signal, jobs } = options;
  const verdict = await checkArchive(output.temporary, {
    origins: scan.prefixes,
    ...(signal === undefined ? {} : { signal }),
    ...(jobs === undefined ? {} : { jobs }),
  });
  const wrong = verdict.differences[0];
  if (wrong !== undefined)
    throw new ArchiveError(
      'pack-leftover',
      `the archive is not right and was not kept: ${showBytes(wrong.path)}: ${wrong.note}`,
    );
  if (verdict.manifestBytes.equals(own.files[0]?.bytes ?? Buffer.alloc(0))) return;
  throw new ArchiveError(
    'pack-proof',
    'the archive reads back differently than it was written; nothing was kept: is the disk in order?',
  );
}

function receipt(
  output: ArchiveOutput,
  compression: CompressionName,
  written: WrittenArchive,
  manifest: Manifest,
  warnings: string[],
): PackReceipt {
  const { totals, maxPrefixBytes, origins, requirements, refusals, leftOut } = manifest;
  const { bytes, sha256 } = written;
  if (manifest.attributes === 'unknown')
    warnings.push('extended attributes (capabilities, ACLs) were not looked at: this host has no getfattr');
  return {
    version: 1,
    archive: output.path,
    bytes,
    sha256,
    compression,
    totals,
    maxPrefixBytes,
    origins,
    requirements,
    refusals,
    leftOut,
    warnings,
  };
}
