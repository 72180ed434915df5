/** Writes the archive of a planned tree: relocate's own files, then every entry with its edits. */
import { availableParallelism } from 'node:os';
import { ownEntry, tarEntry } from '../formats/tar-entry.ts';
import type { ArchiveOutput } from '../io/archive-output.ts';
import { OWN_MODES } from '../io/archive-read.ts';
import { ArchiveWriter, type WrittenArchive } from '../io/archive-write.ts';
import { framePool, type FramePool } from '../io/frame-pool.ts';
import type { FrameEntry } from '../io/frame-tasks.ts';
import { canCompressZstd, compressionFor, type CompressionName } from '../io/compression.ts';
import { readEntry } from '../io/entries.ts';
import { ownerNames } from '../io/owners.ts';
import { readAttributes } from '../io/xattrs.ts';
import { OWN_PATHS, type Manifest } from '../model/manifest.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import type { Plan } from '../model/plan.ts';
import type { Pace, PaceOptions } from './pace.ts';
import { prepareContents, type Contents } from './pack-contents.ts';
import { listEntries, withOwnership, type EntryOptions, type Listing, type PackedEntry } from './pack-entries.ts';
import { assembleManifest, type OwnFiles } from './pack-manifest.ts';
import { requirementsOf } from './pack-requirements.ts';
import { spoolVolatile, type Spool } from './pack-volatile.ts';
import type { FullScan } from './scan.ts';
import { findTree } from './tree.ts';

export interface ArchiveOptions extends PaceOptions {
  /** By default what the file name says, else zstd. Where this host can't write that, gzip, with a warning. */
  readonly compression?: CompressionName;
  /** 1 (fast) to 9 (small) for gzip, to 19 for zstd. */
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

/** What was written, without the list of entries: it may be large. */
export interface PackedTree extends WrittenArchive {
  readonly compression: CompressionName;
  readonly manifest: Omit<Manifest, 'entries'>;
  readonly warnings: readonly string[];
}

/** Writes the archive to an output that was begun. */
export async function writeArchive(
  full: FullScan,
  planned: Plan,
  output: ArchiveOutput,
  options: ArchiveOptions,
  pace: Pace,
): Promise<PackedTree> {
  const spool = await spoolVolatile(full, options.volatile ?? [], () => output.copies(), pace);
  const asked = options.compression ?? compressionFor(output.path) ?? 'zstd';
  const compression = asked === 'zstd' && !(await canCompressZstd()) ? 'gzip' : asked;
  const settings = { compression, level: options.level ?? null, prefixes: full.scan.prefixes };
  const pool = await framePool(settings, options.jobs ?? availableParallelism());
  const { manifest, written } = await writeWith(pool, full, planned, spool, output, options, pace);
  const warnings = [...full.scan.warnings, ...spool.warnings];
  if (compression !== asked)
    warnings.push(
      'the archive is compressed with gzip: for zstd this host has neither Node 22.15 nor the optional package @cloudpss/zstd',
    );
  if (manifest.attributes === 'unknown')
    warnings.push('extended attributes (capabilities, ACLs) were not looked at: this host has no getfattr');
  return { ...written, compression, manifest, warnings };
}

async function writeWith(
  pool: FramePool,
  full: FullScan,
  planned: Plan,
  spool: Spool,
  output: ArchiveOutput,
  options: ArchiveOptions,
  pace: Pace,
): Promise<Pick<PackedTree, 'manifest'> & { readonly written: WrittenArchive }> {
  try {
    const contents = await prepareContents(full, planned, spool, pool, pace);
    const { listing, own } = await describe(full, planned, contents, spool.vanished, options);
    const { entries: _, ...manifest } = own.manifest;
    const written = await writeAll(new ArchiveWriter(output.descriptor, pool), own, listing, contents, pace);
    return { manifest, written };
  } finally {
    await pool.stop();
  }
}

async function describe(
  full: FullScan,
  planned: Plan,
  contents: Contents,
  vanished: ReadonlySet<TreePath>,
  options: ArchiveOptions,
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
    root: withOwnership({ mode: root.mode }, root, entryOptions),
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

async function writeAll(
  writer: ArchiveWriter,
  own: OwnFiles,
  { packed }: Listing,
  contents: Contents,
  pace: Pace,
): Promise<WrittenArchive> {
  for (const { path, bytes } of own.files) {
    const mode = path === OWN_PATHS.installScript ? OWN_MODES.script : OWN_MODES.list;
    await writer.addBytes(ownEntry(path, bytes.length, mode), [bytes]);
  }
  // relocate's own files stand in frames of their own: a reader gets at them without the rest
  await writer.cut();
  for (const each of packed) {
    await writer.add(frameEntry(each, contents), () => contents.fileOf(each.seen).pieces());
    await pace.step(each.entry.type === 'file' ? each.entry.size : 0);
  }
  return writer.finish();
}

function frameEntry({ entry, seen }: PackedEntry, contents: Contents): FrameEntry {
  const header = tarEntry(entry);
  if (entry.type !== 'file') return { header, file: null };
  const { source, sha256, remains } = contents.fileOf(seen);
  return { header, file: { ...source, sha256, remains } };
}
