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
import { OWN_PATHS, type LeftOut, type ManifestEntry, type ManifestHead } from '../model/manifest.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import type { Plan } from '../model/plan.ts';
import type { Pace, PaceOptions } from './pace.ts';
import { prepareContents, type Contents, type PackedFile } from './pack-contents.ts';
import { listEntries, withOwnership, type EntryOptions } from './pack-entries.ts';
import { ManifestWriter, type PackedManifest } from './pack-manifest.ts';
import { RequirementsTally } from './pack-requirements.ts';
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
  readonly manifest: ManifestHead;
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
  const writer = new ManifestWriter(planned.refusals);
  try {
    const contents = await prepareContents(full, planned, spool, pool, pace);
    const manifest = await describe(full, writer, contents, spool.vanished, options, pace);
    const written = await writeAll(new ArchiveWriter(output.descriptor, pool), manifest, contents, pace);
    return { manifest: manifest.head, written };
  } finally {
    writer.close();
    await pool.stop();
  }
}

async function describe(
  full: FullScan,
  writer: ManifestWriter,
  contents: Contents,
  vanished: ReadonlySet<TreePath>,
  options: ArchiveOptions,
  pace: Pace,
): Promise<PackedManifest> {
  const { scan, entries } = full;
  const attributes = await readAttributes(scan.tree);
  const entryOptions: EntryOptions = {
    owners: options.preserveOwner === true ? ownerNames() : null,
    attributes,
    latest: options.sourceDateEpoch === undefined ? null : BigInt(options.sourceDateEpoch) * 1_000_000_000n,
  };
  const leftOut: LeftOut[] = scan.excluded.map(({ path, by }) => ({ path, why: 'excluded', by }));
  const requirements = new RequirementsTally(scan, contents);
  const onLeftOut = (what: LeftOut): void => void leftOut.push(what);
  for (const entry of listEntries(entries, contents, vanished, entryOptions, onLeftOut)) {
    writer.add(entry);
    requirements.add(entry);
    await pace.rest();
  }
  const root = readEntry(findTree(scan.tree).real, asTreePath(''));
  return writer.end({
    tree: { name: options.name ?? '', version: options.version ?? '' },
    root: withOwnership({ mode: root.mode }, root, entryOptions),
    areAttributesKnown: attributes !== null,
    prefixes: scan.prefixes,
    origins: contents.origins,
    leftOut: leftOut.sort((a, b) => compareBytes(a.path, b.path)),
    requirements: requirements.requirements(),
    summary: scan.summary,
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
  for (const entry of manifest.entries()) {
    const file = entry.type === 'file' ? contents.fileOf(entry.path, entry.size, entry.sha256) : null;
    await writer.add(frameEntry(entry, file), () => file?.pieces() ?? []);
    await pace.step(file?.size ?? 0);
  }
  return writer.finish();
}

function frameEntry(entry: ManifestEntry, file: PackedFile | null): FrameEntry {
  const header = tarEntry(entry);
  if (file === null) return { header, file };
  const { source, sha256, remains } = file;
  return { header, file: { ...source, sha256, remains } };
}
