/** Writes the archive of a planned tree: relocate's own files, then every entry with its edits. */
import { availableParallelism } from 'node:os';
import { compareBytes } from '../formats/byte-text.ts';
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
import type { ManifestEntry } from '../model/manifest-entry.ts';
import { OWN_PATHS, type LeftOut, type ManifestHead } from '../model/manifest.ts';
import { asTreePath } from '../model/path.ts';
import type { Pace, PaceOptions } from './pace.ts';
import { prepareContents, type Contents } from './pack-contents.ts';
import { listEntries, withOwnership, type EntryOptions, type ListingParts } from './pack-entries.ts';
import { ManifestWriter, type PackedManifest } from './pack-manifest.ts';
import type { PackPlan, PlannedFile } from './pack-plan.ts';
import { RequirementsTally } from './pack-requirements.ts';
import type { PackScan } from './pack-scan.ts';
import { PackTally } from './pack-tally.ts';
import { spoolVolatile, type Spool } from './pack-volatile.ts';
import type { PackedFile } from './packed-files.ts';
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
  readonly manifest: ManifestHead;
  readonly warnings: readonly string[];
}

/** Writes the archive to an output that was begun. */
export async function writeArchive(
  scan: PackScan,
  plan: PackPlan,
  output: ArchiveOutput,
  options: ArchiveOptions,
  pace: Pace,
): Promise<PackedTree> {
  const spool = await spoolVolatile(scan, options.volatile ?? [], () => output.copies(), pace);
  const asked = options.compression ?? compressionFor(output.path) ?? 'zstd';
  const compression = asked === 'zstd' && !(await canCompressZstd()) ? 'gzip' : asked;
  const settings = { compression, level: options.level ?? null, prefixes: scan.prefixes };
  const pool = await framePool(settings, options.jobs ?? availableParallelism());
  const { manifest, written } = await writeWith(pool, scan, plan, spool, output, options, pace);
  const warnings = [...scan.warnings, ...spool.warnings];
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
  scan: PackScan,
  plan: PackPlan,
  spool: Spool,
  output: ArchiveOutput,
  options: ArchiveOptions,
  pace: Pace,
): Promise<Pick<PackedTree, 'manifest'> & { readonly written: WrittenArchive }> {
  const tally = new PackTally(scan.dependents);
  const requirements = new RequirementsTally(scan);
  const planned = told(plan.files(), tally, requirements);
  try {
    const contents = await prepareContents(scan, planned, plan.removed, spool, pool, pace);
    const writer = new ManifestWriter(tally.refusals);
    try {
      const listing = { ...contents, fileOf: contents.files.reader(), removed: plan.removed, vanished: spool.vanished };
      const manifest = await describe(scan, writer, listing, { tally, requirements }, options, pace);
      const written = await writeAll(new ArchiveWriter(output.descriptor, pool), manifest, contents, pace);
      return { manifest: manifest.head, written };
    } finally {
      writer.close();
      contents.files.close();
    }
  } finally {
    await pool.stop();
  }
}

/** Passes the files of a plan on, when they have been counted. */
function* told(
  files: Iterable<PlannedFile>,
  tally: PackTally,
  requirements: RequirementsTally,
): Generator<PlannedFile, void, void> {
  for (const file of files) {
    tally.add(file);
    requirements.addFound(file);
    yield file;
  }
}

async function describe(
  scan: PackScan,
  writer: ManifestWriter,
  listing: ListingParts & Pick<Contents, 'origins'>,
  { tally, requirements }: { readonly tally: PackTally; readonly requirements: RequirementsTally },
  options: ArchiveOptions,
  pace: Pace,
): Promise<PackedManifest> {
  const attributes = await readAttributes(scan.tree);
  const entryOptions: EntryOptions = {
    owners: options.preserveOwner === true ? ownerNames() : null,
    attributes,
    latest: options.sourceDateEpoch === undefined ? null : BigInt(options.sourceDateEpoch) * 1_000_000_000n,
  };
  const leftOut: LeftOut[] = scan.excluded.map(({ path, by }) => ({ path, why: 'excluded', by }));
  const onLeftOut = (what: LeftOut): void => void leftOut.push(what);
  for (const listed of listEntries(scan.entries, listing, entryOptions, onLeftOut)) {
    writer.add(listed.entry);
    requirements.add(listed);
    await pace.rest();
  }
  const root = readEntry(findTree(scan.tree).real, asTreePath(''));
  return writer.end({
    tree: { name: options.name ?? '', version: options.version ?? '' },
    root: withOwnership({ mode: root.mode }, root, entryOptions),
    areAttributesKnown: attributes !== null,
    prefixes: scan.prefixes,
    origins: listing.origins,
    leftOut: leftOut.sort((a, b) => compareBytes(a.path, b.path)),
    requirements: requirements.requirements(),
    maxPrefixBytes: tally.maxPrefixBytes,
    volatile: options.volatile ?? [],
  });
}

async function writeAll(
  writer: ArchiveWriter,
  manifest: PackedManifest,
  contents: Contents,
  pace: Pace,
): Promise<WrittenArchive> {
  for (const { path, size, pieces } of manifest.files) {
    const mode = path === OWN_PATHS.installScript ? OWN_MODES.script : OWN_MODES.list;
    await writer.addBytes(ownEntry(path, size, mode), pieces());
  }
  // relocate's own files stand in frames of their own: a reader gets at them without the rest
  await writer.cut();
  const fileOf = contents.files.reader();
  for (const entry of manifest.entries()) {
    const file = entry.type === 'file' ? fileOf(entry.path, entry.size, entry.sha256) : null;
    await writer.add(frameEntry(entry, file), () => file?.pieces() ?? []);
    await pace.step(file?.size ?? 0);
  }
  return writer.finish();
}

function frameEntry(entry: ManifestEntry, file: PackedFile | null): FrameEntry {
  const header = tarEntry(entry);
  if (file === null) return { header, file };
  const { source, sha256, remains } = file;
  const { root, path, change } = source;
  return { header, file: { root, path, change, sha256, remains } };
}
